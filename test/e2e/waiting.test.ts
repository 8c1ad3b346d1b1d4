import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startAnsweringServer, staySilent } from '../support/answering-server.ts';
import { spawnCli } from '../support/cli.ts';
import { startForwardProxy } from '../support/forward-proxy.ts';

// No command is silent while it waits: each has to say so before the test lets it go on.

const one = join(import.meta.dirname, '..', '..', 'fixtures', 'archives', 'docker-20.10-one.tar');

const { home, env } = await startAnsweringServer(staySilent);

/** Answers the first question of the doctor, and no other. */
const barelyThere = await startAnsweringServer((request, response) => {
  if (request.method === 'GET' && request.url === '/') response.writeHead(404).end();
  else staySilent(request, response);
});

/** Resolves when standard error has said something that matches. */
function awaitText(stream: NodeJS.ReadableStream | null, pattern: RegExp): Promise<string> {
  let text = '';
  return new Promise((resolve) => {
    stream?.on('data', (chunk) => {
      text += String(chunk);
      if (pattern.test(text)) resolve(text);
    });
  });
}

describe('a service that never answers', () => {
  it.each([
    [['login'], /^Waiting for 127\.0\.0\.1:\d+ \(GetAuthorizationToken\), \d+ s$/m],
    [['login', '--password-stdout'], /^Waiting for .*GetAuthorizationToken/m],
    [['token'], /^Waiting for .*GetAuthorizationToken/m],
    [['repo', 'list'], /^Waiting for .*DescribeRepositories/m],
    [['repo', 'describe', 'app'], /^Waiting for .*DescribeRepositories/m],
    [['repo', 'create', 'app'], /^Waiting for .*CreateRepository/m],
    [['repo', 'delete', 'app', '--yes'], /^Waiting for .*Describe|^Waiting for .*DeleteRepository/m],
    [['push', one, 'app:1'], /^app:1: .*(waiting for|no answer for) /m],
    [['repo', 'list', '--progress', 'json'], /^\{"event":"waiting","what":"127.*DescribeRepositories/m],
    [['repo', 'list', '--json'], /^Waiting for .*DescribeRepositories/m],
    [['doctor'], /^Waiting for 127\.0\.0\.1:\d+ \(GET \/\), \d+ s$/m],
  ] as const)('is named by %j', async (argv, said) => {
    const { child, ended } = spawnCli(argv, { env });
    await awaitText(child.stderr, said);
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ status: 130 });
  });
});

describe('the doctor', () => {
  it('names AWS STS', async () => {
    const { host } = barelyThere;
    const name = 'api.ecr-public.us-east-1.amazonaws.com';
    const proxy = await startForwardProxy({ plainHosts: { [name]: Number(host.split(':')[1]) } });
    const asAws = {
      ...barelyThere.env,
      AWS_ENDPOINT_URL_ECR_PUBLIC: `http://${name}`,
      AWS_ENDPOINT_URL_STS: `http://${host}`,
      http_proxy: `http://${proxy.host}`,
    };
    const { child, ended } = spawnCli(['doctor'], { env: asAws });
    await awaitText(child.stderr, /^Waiting for AWS STS \(GetCallerIdentity\), \d+ s$/m);
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ status: 130 });
    proxy.close();
  });

  it('names the registry that is asked about a login', async () => {
    const { AWS_ACCESS_KEY_ID: _id, AWS_SECRET_ACCESS_KEY: _secret, ...keyless } = barelyThere.env;
    const auths = { [barelyThere.host]: { auth: Buffer.from('AWS:x').toString('base64') } };
    const directory = join(barelyThere.home.directory, 'docker');
    await mkdir(directory);
    await writeFile(join(directory, 'config.json'), JSON.stringify({ auths }), { mode: 0o600 });
    const { child, ended } = spawnCli(['doctor'], { env: { ...keyless, DOCKER_CONFIG: directory } });
    await awaitText(child.stderr, /^Waiting for 127\.0\.0\.1:\d+ \(GET \/v2\/\), \d+ s$/m);
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ status: 130 });
  });
});

it.runIf(process.platform !== 'win32').each([
  ['logout', "docker's config or its credential store", 0],
  ['doctor', "docker's credential store", 4],
])('a credential store that asks a person is named by %s', async (command, named, status) => {
  const { AWS_ACCESS_KEY_ID: _id, AWS_SECRET_ACCESS_KEY: _secret, ...keyless } = barelyThere.env;
  const directory = join(home.directory, command);
  const release = join(directory, 'release');
  await mkdir(directory);
  await writeFile(join(directory, 'config.json'), '{"credsStore":"slow","auths":{}}');
  const program = join(directory, 'docker-credential-slow');
  await writeFile(
    program,
    `#!/bin/sh\nwhile [ ! -e "${release}" ]; do sleep 0.1; done\necho "credentials not found in native keychain"\nexit 1\n`,
  );
  await chmod(program, 0o755);
  const PATH = `${directory}:${process.env.PATH}`;
  const { child, ended } = spawnCli([command], { env: { ...keyless, DOCKER_CONFIG: directory, PATH } });
  await awaitText(child.stderr, new RegExp(`^Waiting for ${named}, \\d+ s$`, 'm'));
  await writeFile(release, '');
  expect(await ended).toMatchObject({ status });
});
