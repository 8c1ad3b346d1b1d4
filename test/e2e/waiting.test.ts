import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startAnsweringServer, staySilent } from '../support/answering-server.ts';
import { spawnCli } from '../support/cli.ts';

// No command is silent while it waits: each has to say so before the test lets it go on.

const one = join(import.meta.dirname, '..', '..', 'fixtures', 'archives', 'docker-20.10-one.tar');

const { home, env } = await startAnsweringServer(staySilent);

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
  ] as const)('is named by %j', async (argv, said) => {
    const { child, ended } = spawnCli(argv, { env });
    await awaitText(child.stderr, said);
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ status: 130 });
  });
});

it.runIf(process.platform !== 'win32')('a credential store that asks a person is named', async () => {
  const directory = join(home.directory, 'docker');
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
  const { child, ended } = spawnCli(['logout'], { env: { ...env, DOCKER_CONFIG: directory, PATH } });
  await awaitText(child.stderr, /^Waiting for docker's config or its credential store, \d+ s$/m);
  await writeFile(release, '');
  expect(await ended).toMatchObject({ status: 0 });
});
