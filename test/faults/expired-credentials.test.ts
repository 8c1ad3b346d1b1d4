import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { runCli } from '../support/cli.ts';
import { setFaults } from '../support/emulator.ts';
import { writeOciLayout } from '../support/image-writers.ts';
import { makeImage } from '../support/images.ts';
import { startWorkplace } from '../support/workplace.ts';

const MIB = 1024 * 1024;
const { home, emulator } = await startWorkplace();
beforeAll(async () => {
  const image = await makeImage({ seed: 8, layers: [{ size: 15.125 * MIB }, { size: 10.125 * MIB }] });
  await writeOciLayout(join(home.directory, 'layout'), [image]);
});

const argv = ['push', 'layout', 'expiring:1.0', '--create-repo', '--part-size', '5', '--json'];

test('credentials that expire in the middle of a push are renewed, and the same uploads continue', async () => {
  const asked = join(home.directory, 'asked');
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ...rest } = emulator.env;
  const key = { Version: 1, AccessKeyId: AWS_ACCESS_KEY_ID, SecretAccessKey: AWS_SECRET_ACCESS_KEY };
  const script = `require('node:fs').appendFileSync(${JSON.stringify(asked)}, 'x');
console.log(${JSON.stringify(JSON.stringify(key))});`;
  await writeFile(join(home.directory, 'give-key.cjs'), script);
  const command = `"${process.execPath}" "${join(home.directory, 'give-key.cjs')}"`;
  const config = join(home.directory, 'aws-config');
  await writeFile(config, `[profile expiring]\ncredential_process = ${command}\n`);
  await setFaults(emulator, [
    'UploadLayerPart expired-token on=2',
    'CompleteLayerUpload expired-token on=1',
    'PutImage expired-token on=1',
  ]);
  const env = { ...home.env, ...rest, AWS_PROFILE: 'expiring', AWS_CONFIG_FILE: config };
  const result = await runCli(argv, { env, cwd: home.directory });
  expect(result, result.stderr).toMatchObject({ status: 0 });
  expect(result.json()).toMatchObject({ retries: 3 });
  // Three blobs of 4, 3 and 1 parts. One part was refused.
  expect(emulator.count('InitiateLayerUpload')).toBe(3);
  expect(emulator.count('UploadLayerPart')).toBe(8 + 1);
  // At the start and after the expiry. Concurrent calls share one request for credentials.
  expect(await readFile(asked, 'utf8')).toMatch(/^x{2,4}$/);
});

test('credentials that cannot be renewed end the push, and the next one resumes with others', async () => {
  await setFaults(emulator, ['UploadLayerPart expired-token on=4']);
  const env = { ...home.env, ...emulator.env };
  const another = argv.map((word) => (word === 'expiring:1.0' ? 'renewed:1.0' : word));
  const failed = await runCli([...another, '--concurrency', '1'], { env, cwd: home.directory });
  expect(failed).toMatchObject({ status: 4 });
  expect(failed.json().error).toMatchObject({ code: 'AUTH', hint: expect.stringContaining('aws sso login') });
  await setFaults(emulator, []);
  const again = await runCli(another, { env, cwd: home.directory });
  expect(again.json().bytes).toMatchObject({ resumed: 10 * MIB });
});
