import { describe, expect, test } from 'vitest';
import { resolvePrivateEndpoint } from '../../../../src/ecr/private/endpoint.ts';
import { type PrivateRegistry, parsePrivateHost } from '../../../../src/oci/private-host.ts';
import { catchError } from '../../../support/catch-error.ts';

/** No files in `~/.aws` are read. */
const NO_FILES = { AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' };

function registryOf(host: string): PrivateRegistry {
  const registry = parsePrivateHost(host, '127.0.0.1:5101');
  if (registry === undefined) throw new Error(`${host} is not private`);
  return registry;
}

function resolve(host: string, env: Record<string, string> = {}, settings: Record<string, string> = {}) {
  return resolvePrivateEndpoint({ env: { ...NO_FILES, ...env }, ...settings }, registryOf(host));
}

describe('the endpoint of a private registry', () => {
  test.each([
    ['123456789012.dkr.ecr.eu-west-1.amazonaws.com', 'https://api.ecr.eu-west-1.amazonaws.com'],
    ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn', 'https://api.ecr.cn-north-1.amazonaws.com.cn'],
    ['123456789012.dkr.ecr.us-gov-west-1.amazonaws.com', 'https://api.ecr.us-gov-west-1.amazonaws.com'],
    ['123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu', 'https://api.ecr.eusc-de-east-1.amazonaws.eu'],
    ['123456789012.dkr.ecr-fips.us-east-1.amazonaws.com', 'https://api.ecr-fips.us-east-1.amazonaws.com'],
    ['123456789012.dkr-ecr.eu-west-1.on.aws', 'https://ecr.eu-west-1.api.aws'],
    ['123456789012.dkr-ecr-fips.us-east-1.on.aws', 'https://ecr-fips.us-east-1.api.aws'],
    [
      '123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn',
      'https://ecr.cn-north-1.api.amazonwebservices.com.cn',
    ],
  ])('of %s is %s, in the region of the host', async (host, url) => {
    const env = { AWS_REGION: 'ap-south-1', AWS_ENDPOINT_URL_ECR_PUBLIC: 'http://127.0.0.1:1' };
    const { region } = registryOf(host);
    expect(await resolve(host, env)).toEqual({ url, isAws: true, region, id: `ecr.${region}` });
  });

  test('the switches of the AWS SDKs choose FIPS and dual-stack too', async () => {
    const env = { AWS_USE_FIPS_ENDPOINT: 'true', AWS_USE_DUALSTACK_ENDPOINT: 'true' };
    const { url } = await resolve('123456789012.dkr.ecr.us-east-1.amazonaws.com', env);
    expect(url).toBe('https://ecr-fips.us-east-1.api.aws');
  });

  test('AWS_ENDPOINT_URL_ECR names another one, and the option comes first', async () => {
    const host = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
    const env = { AWS_ENDPOINT_URL_ECR: 'http://127.0.0.1:21' };
    const url = 'http://127.0.0.1:21/';
    expect(await resolve(host, env)).toMatchObject({ isAws: false, region: 'eu-west-1' });
    expect((await resolve(host, env)).url.replace(/\/?$/, '/')).toBe(url);
    const given = await resolve(host, env, { endpointUrl: 'http://127.0.0.1:22' });
    expect(given.url).toContain('127.0.0.1:22');
  });

  test.each([
    [{}, {}, 'us-east-1'],
    [{ AWS_REGION: 'eu-west-1' }, {}, 'eu-west-1'],
    [{ AWS_DEFAULT_REGION: 'eu-west-2' }, {}, 'eu-west-2'],
    [{ AWS_REGION: 'eu-west-1' }, { region: 'eu-west-3' }, 'eu-west-3'],
  ])("an emulator's host has the configured region: %j %j", async (env, settings, region) => {
    const endpoint = { AWS_ENDPOINT_URL_ECR: 'http://127.0.0.1:21' };
    expect((await resolve('127.0.0.1:5101', { ...endpoint, ...env }, settings)).region).toBe(region);
  });

  test.each([
    ['without a setting', {}],
    ['with an endpoint of AWS', { endpointUrl: 'https://api.ecr.us-east-1.amazonaws.com' }],
  ])("an emulator's host never leads to AWS: %s", async (_, settings) => {
    const error = await catchError(() => resolve('127.0.0.1:5101', {}, settings));
    expect(error.code).toBe('USAGE');
    expect(error.message).toContain("127.0.0.1:5101 is not AWS's");
    expect(error.hint).toContain('AWS_ENDPOINT_URL_ECR');
  });

  test.each([
    [{ region: 'us-east-1' }, '--region'],
    [{ endpointUrl: 'https://api.ecr.us-east-1.amazonaws.com' }, '--endpoint-url'],
  ])('another region is refused: %j', async (settings, origin) => {
    const host = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
    const error = await catchError(() => resolve(host, {}, settings));
    expect(error.code).toBe('USAGE');
    expect(error.message).toContain(`${origin}: ${host} is in eu-west-1, not in us-east-1`);
  });
});
