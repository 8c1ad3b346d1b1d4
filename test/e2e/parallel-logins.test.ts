import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { storeLogin } from '../../src/docker/login.ts';
import { runCli, spawnCli } from '../support/cli.ts';
import { startWorkplace } from '../support/workplace.ts';

const { home, emulator } = await startWorkplace();

it('50 logins in parallel, of several processes, leave valid JSON with all keys', async () => {
  const configDirectory = join(home.directory, 'docker');
  const file = join(configDirectory, 'config.json');
  const before = {
    psFormat: 'table {{.Names}}',
    auths: { 'first.example': { auth: 'Yjpi' }, 'https://index.docker.io/v1/': {} },
    unknown: { nested: [1, { two: null }] },
    credHelpers: { 'gcr.example': 'gcloud' },
    currentContext: 'remote',
  };
  await mkdir(configDirectory);
  await writeFile(file, JSON.stringify(before, null, '\t'));
  await chmod(file, 0o640);

  const env = { ...home.env, ...emulator.env, DOCKER_CONFIG: configDirectory };
  const hosts = Array.from({ length: 40 }, (_, index) => `registry-${index}.example`);
  const login = { configDirectory, username: 'AWS', secret: 'secret', env };
  const results = await Promise.all([
    ...hosts.map((registryHost) => storeLogin({ ...login, registryHost })),
    ...Array.from({ length: 5 }, () => runCli(['login'], { env })),
    ...Array.from({ length: 5 }, () => spawnCli(['login'], { env }).ended),
  ]);
  expect(results).toHaveLength(50);
  for (const result of results) if ('status' in result) expect(result).toMatchObject({ status: 0 });

  const { auths, ...rest } = JSON.parse(await readFile(file, 'utf8'));
  const { auths: firstAuths, ...others } = before;
  expect(rest).toEqual(others);
  expect(Object.keys({ ...rest })).toEqual(Object.keys(others));
  expect(auths).toMatchObject(firstAuths);
  const stored = Object.keys(auths).slice(Object.keys(firstAuths).length);
  expect(stored.sort()).toEqual([...hosts, emulator.registryHost].sort());
  const auth = Buffer.from('AWS:secret').toString('base64');
  for (const host of hosts) expect(auths[host]).toEqual({ auth });
  expect((await stat(file)).mode & 0o777).toBe(0o640);
  expect(await readdir(configDirectory)).toEqual(['config.json']);
});
