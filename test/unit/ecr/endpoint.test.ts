import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { resolveEndpoint } from '../../../src/ecr/endpoint.ts';
import { catchError } from '../../support/catch-error.ts';
import { useTemporaryDirectories } from '../../support/temporary-directory.ts';

const makeDirectory = useTemporaryDirectories();
let files: Record<string, string>;
let directory: string;
beforeEach(async () => {
  directory = await makeDirectory();
  files = {
    AWS_CONFIG_FILE: join(directory, 'config'),
    AWS_SHARED_CREDENTIALS_FILE: join(directory, 'credentials'),
  };
});

const config = `[default]
region = eu-west-1
[profile local]
endpoint_url = http://127.0.0.1:21
[profile both]
endpoint_url = http://127.0.0.1:31
services = here
[services here]
ecr_public =
  endpoint_url = http://127.0.0.1:32
s3 =
  endpoint_url = http://127.0.0.1:33
[profile other-service]
services = elsewhere
[services elsewhere]
ecr =
  endpoint_url = http://127.0.0.1:34
[profile ignoring]
endpoint_url = http://127.0.0.1:35
ignore_configured_endpoint_urls = true
[profile dual]
use_dualstack_endpoint = true
[profile no-scheme]
endpoint_url = localhost:4566
[profile no-services]
services = gone
endpoint_url = http://127.0.0.1:36
[profile service-no-scheme]
services = bad
[services bad]
ecr_public =
  endpoint_url = localhost:4566
[profile secret]
endpoint_url = http://user:hunter2@127.0.0.1:37
[profile maybe]
use_dualstack_endpoint = perhaps
`;

const aws = 'https://api.ecr-public.us-east-1.amazonaws.com';
const variables = {
  AWS_ENDPOINT_URL_ECR_PUBLIC: 'http://127.0.0.1:1',
  AWS_ENDPOINT_URL: 'http://127.0.0.1:2',
};

describe('the endpoint is that of', () => {
  test.each([
    ['the option', { endpointUrl: 'http://127.0.0.1:3' }, variables, 'http://127.0.0.1:3'],
    ['the service variable', {}, variables, 'http://127.0.0.1:1'],
    ['the global variable', {}, { AWS_ENDPOINT_URL: 'http://127.0.0.1:2' }, 'http://127.0.0.1:2'],
    ['no empty variable', {}, { ...variables, AWS_ENDPOINT_URL_ECR_PUBLIC: '' }, 'http://127.0.0.1:2'],
    ['the variable before the profile', { profile: 'local' }, variables, 'http://127.0.0.1:1'],
    ['--profile', { profile: 'local' }, {}, 'http://127.0.0.1:21'],
    ['AWS_PROFILE', {}, { AWS_PROFILE: 'local' }, 'http://127.0.0.1:21'],
    ['AWS_DEFAULT_PROFILE', {}, { AWS_DEFAULT_PROFILE: 'local' }, 'http://127.0.0.1:21'],
    ['--profile before AWS_PROFILE', { profile: 'both' }, { AWS_PROFILE: 'local' }, 'http://127.0.0.1:32'],
    ['the services section', {}, { AWS_PROFILE: 'both' }, 'http://127.0.0.1:32'],
    ['AWS without a section for the service', { profile: 'other-service' }, {}, aws],
    ['AWS when the profile has none', { profile: 'default' }, {}, aws],
    ['AWS when the profile ignores it', { profile: 'ignoring' }, {}, aws],
    [
      'AWS when the environment ignores it',
      { profile: 'local' },
      { ...variables, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'TRUE' },
      aws,
    ],
    [
      'the option all the same',
      { endpointUrl: 'http://127.0.0.1:3' },
      { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' },
      'http://127.0.0.1:3',
    ],
    ['AWS, dual-stack', {}, { AWS_USE_DUALSTACK_ENDPOINT: 'true' }, 'https://ecr-public.us-east-1.api.aws'],
    ['AWS, dual-stack by the profile', { profile: 'dual' }, {}, 'https://ecr-public.us-east-1.api.aws'],
    [
      'AWS, single-stack by the environment',
      { profile: 'dual' },
      { AWS_USE_DUALSTACK_ENDPOINT: 'False' },
      aws,
    ],
    [
      'AWS with FIPS',
      {},
      { AWS_USE_FIPS_ENDPOINT: 'true' },
      'https://api.ecr-public-fips.us-east-1.amazonaws.com',
    ],
    [
      'the variable, which is neither dual-stack nor FIPS',
      {},
      { ...variables, AWS_USE_DUALSTACK_ENDPOINT: 'true', AWS_USE_FIPS_ENDPOINT: 'true' },
      'http://127.0.0.1:1',
    ],
  ])('%s', async (_name, options, env, url) => {
    await writeFile(join(directory, 'config'), config);
    expect(await resolveEndpoint({ ...options, env: { ...files, ...env } })).toMatchObject({
      url,
      isAws: url.includes('ecr-public'),
    });
  });

  test('no file that is not there', async () => {
    expect(await resolveEndpoint({ env: files })).toMatchObject({ url: aws, id: 'us-east-1' });
  });
});

describe('USAGE, naming its origin, is', () => {
  test.each([
    ['--endpoint-url', { endpointUrl: '127.0.0.1:5100' }, {}],
    ['--endpoint-url', { endpointUrl: 'ftp://host' }, {}],
    ['--endpoint-url', { endpointUrl: '' }, {}],
    ['AWS_ENDPOINT_URL_ECR_PUBLIC', {}, { AWS_ENDPOINT_URL_ECR_PUBLIC: 'localhost:4566' }],
    ['AWS_ENDPOINT_URL:', {}, { AWS_ENDPOINT_URL: 'http://' }],
    ['AWS_ENDPOINT_URL:', {}, { AWS_ENDPOINT_URL: 'http://localhost:4566\n' }],
    ["endpoint_url of the profile 'no-scheme'", { profile: 'no-scheme' }, {}],
    ["services section 'bad'", { profile: 'service-no-scheme' }, {}],
    ["services section 'gone'", { profile: 'no-services' }, {}],
    ["use_dualstack_endpoint of the profile 'maybe'", { profile: 'maybe' }, {}],
    ['AWS_USE_DUALSTACK_ENDPOINT', {}, { AWS_USE_DUALSTACK_ENDPOINT: 'yes' }],
    ['AWS_USE_FIPS_ENDPOINT', {}, { AWS_USE_FIPS_ENDPOINT: '1' }],
  ])('%s %j %j', async (origin, options, env) => {
    await writeFile(join(directory, 'config'), config);
    const error = await catchError(() => resolveEndpoint({ ...options, env: { ...files, ...env } }));
    expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining(origin) });
  });

  test.each([
    ['--endpoint-url', { endpointUrl: 'http://user:hunter2@127.0.0.1:1' }, {}],
    ['--endpoint-url', { endpointUrl: 'http//user:hunter2@127.0.0.1:1' }, {}],
    ['AWS_ENDPOINT_URL:', {}, { AWS_ENDPOINT_URL: 'https://hunter2@127.0.0.1:1' }],
    ['AWS_ENDPOINT_URL_ECR_PUBLIC', {}, { AWS_ENDPOINT_URL_ECR_PUBLIC: 'http://:hunter2@127.0.0.1:1' }],
    ["endpoint_url of the profile 'secret'", { profile: 'secret' }, {}],
  ])('%s with a password, which is not repeated: %j', async (origin, options, env) => {
    await writeFile(join(directory, 'config'), config);
    const error = await catchError(() => resolveEndpoint({ ...options, env: { ...files, ...env } }));
    expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining(origin) });
    expect(error.message).not.toContain('hunter2');
  });
});

describe('the region', () => {
  test.each([
    ['eu-west-1', {}],
    ['us-west-2', {}],
    ['eu-west-1', { endpointUrl: aws }],
    ['eu-west-1', { endpointUrl: 'https://ecr-public.us-east-1.api.aws' }],
  ])('%s of --region is refused by AWS: %j', async (region, options) => {
    const error = await catchError(() => resolveEndpoint({ ...options, region, env: files }));
    expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining('us-east-1 only') });
    expect(error.message).toContain('--region');
  });

  test.each([
    'https://api.ecr-public.us-west-2.amazonaws.com',
    'https://ecr-public.us-west-2.amazonaws.com',
    'https://ecr-public.eu-west-1.api.aws',
  ])('of the endpoint %s is refused', async (endpointUrl) => {
    const error = await catchError(() => resolveEndpoint({ endpointUrl, env: files }));
    expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining('us-east-1 only') });
  });

  test('us-west-2 answers a few operations, which is said', async () => {
    const error = await catchError(() => resolveEndpoint({ region: 'us-west-2', env: files }));
    expect(error.message).toContain('supports some operations only');
  });

  test.each([
    [{ region: 'us-east-1' }, { url: aws, region: 'us-east-1' }],
    [{ endpointUrl: `${aws}/` }, { isAws: true, id: 'us-east-1' }],
    [
      { region: 'eu-west-1', endpointUrl: 'http://127.0.0.1:1' },
      { region: 'eu-west-1', id: 'http://127.0.0.1:1' },
    ],
    [{ endpointUrl: 'http://127.0.0.1:1' }, { region: 'us-east-1' }],
    [{ endpointUrl: 'https://ecr-public.us-east-1.amazonaws.com.example.com' }, { isAws: false }],
  ])('is right: %j', async (options, expected) => {
    expect(await resolveEndpoint({ ...options, env: { ...files, AWS_REGION: 'eu-north-1' } })).toMatchObject(
      expected,
    );
  });
});
