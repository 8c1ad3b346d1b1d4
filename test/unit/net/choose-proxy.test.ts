import { describe, expect, test } from 'vitest';
import { readProxies } from '../../../src/net/choose-proxy.ts';
import { catchError } from '../../support/catch-error.ts';

const API = 'https://api.ecr-public.us-east-1.amazonaws.com';

function find(url: string, env: Record<string, string>): string | undefined {
  return readProxies(env)?.(new URL(url))?.origin;
}

describe('the proxy of a URL', () => {
  test.each<[string, Record<string, string>, string | undefined]>([
    [API, {}, undefined],
    [API, { https_proxy: 'http://p:1' }, 'http://p:1'],
    [API, { HTTPS_PROXY: 'http://p:1' }, 'http://p:1'],
    [API, { https_proxy: 'http://p:1', HTTPS_PROXY: 'http://q:2' }, 'http://p:1'],
    [API, { https_proxy: '', HTTPS_PROXY: 'http://q:2' }, undefined],
    [API, { HTTPS_PROXY: 'p:3128' }, 'http://p:3128'],
    [API, { HTTPS_PROXY: ' http://u:s@p:3128/ ' }, 'http://p:3128'],
    [API, { HTTPS_PROXY: 'https://p' }, 'https://p'],
    [API, { http_proxy: 'http://p:1' }, undefined],
    ['http://ecr.test/', { http_proxy: 'http://p:1' }, 'http://p:1'],
    ['http://ecr.test/', { HTTP_PROXY: 'http://p:1' }, undefined],
    ['http://ecr.test/', { https_proxy: 'http://p:1' }, undefined],
  ])('%s with %j is %s', (url, env, expected) => expect(find(url, env)).toBe(expected));

  test.each([
    'http://127.0.0.1:5100',
    'http://127.9.9.9',
    'http://localhost:5100',
    'https://registry.localhost',
    'https://localhost./',
    'http://[::1]:5100',
    'http://[::ffff:127.0.0.1]',
    'http://0.0.0.0:5100',
    'http://169.254.169.254/latest/meta-data',
    'http://169.254.170.2/v2/credentials',
    'http://[fd00:ec2::254]/',
    'http://2130706433/',
    'http://credentials.internal:8080/get',
  ])('%s is asked directly', (url) => {
    const env = {
      http_proxy: 'http://p:1',
      https_proxy: 'http://p:1',
      AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://credentials.internal:8080/role',
    };
    expect(find(url, env)).toBeUndefined();
  });

  test.each<[string, string, boolean]>([
    ['*', API, true],
    ['amazonaws.com', API, true],
    ['.amazonaws.com', API, true],
    ['*.amazonaws.com', API, true],
    ['AMAZONAWS.COM.', API, true],
    ['azonaws.com', API, false],
    ['public.ecr.aws', 'https://public.ecr.aws/v2/', true],
    ['ecr.aws:443', 'https://public.ecr.aws/v2/', true],
    ['ecr.aws:80', 'https://public.ecr.aws/v2/', false],
    ['other.test, ecr.aws', 'https://public.ecr.aws/v2/', true],
    ['other.test ecr.aws', 'https://public.ecr.aws/v2/', true],
    ['10.0.0.0/8', 'https://10.1.2.3:5000', true],
    ['10.0.0.0/8', 'https://11.1.2.3:5000', false],
    ['10.0.0.0/8', 'https://10.example.test', false],
    ['10.1.2.3', 'https://10.1.2.3', true],
    ['10.1.2.3:5000', 'https://10.1.2.3:5000', true],
    ['10.1.2.3:5001', 'https://10.1.2.3:5000', false],
    ['fd12::/16', 'https://[fd12:1::5]', true],
    ['fd12::/16', 'https://[fd13:1::5]', false],
    ['[fd12::5]:8443', 'https://[fd12::5]:8443', true],
    ['fd12::5', 'https://[fd12:0::5]', true],
    ['10.0.0.0/99, /, ., :, []', API, false],
    ['', API, false],
  ])('no_proxy %j and %s: excepted %s', (exceptions, url, expected) => {
    const env = { https_proxy: 'http://p:1', NO_PROXY: exceptions };
    expect(find(url, env)).toBe(expected ? undefined : 'http://p:1');
  });

  test('no_proxy comes before NO_PROXY', () => {
    const env = { https_proxy: 'http://p:1', no_proxy: '', NO_PROXY: '*' };
    expect(find(API, env)).toBe('http://p:1');
  });

  test.each([
    ['socks5://p:1080', 'socks5:// proxies are not supported'],
    ['http://u:secret@', 'not a URL'],
    ['http://u:%zz@p:1', 'percent-encoded'],
    ['two words', 'not a URL'],
  ])('%j is refused without showing it', async (value, problem) => {
    const error = await catchError(() => readProxies({ HTTPS_PROXY: value }));
    expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining(problem) });
    expect(error.message).toMatch(/^HTTPS_PROXY: /);
    expect(`${error.message}${error.hint}`).not.toMatch(/secret|%zz/);
  });

  test('the login is kept apart from what is shown', () => {
    const proxy = readProxies({ https_proxy: 'http://us%40er:p%3Ass@p:1' })?.(new URL(API));
    expect(proxy?.origin).toBe('http://p:1');
    expect(Buffer.from(proxy?.authorization?.replace('Basic ', '') ?? '', 'base64').toString()).toBe(
      'us@er:p:ss',
    );
  });
});
