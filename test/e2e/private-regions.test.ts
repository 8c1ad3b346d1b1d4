import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CliResult, makeHome, runCli } from '../support/cli.ts';
import { startTestEmulator, type TestEmulator } from '../support/emulator.ts';
import { writeOciLayout } from '../support/image-writers.ts';
import { type GeneratedImage, makeImage } from '../support/images.ts';

// Two accounts in two regions, each with an endpoint that only its profile names. Each emulator refuses the other's keys and region.

const [ONE, OTHER] = [
  '111111111111.dkr.ecr.eu-west-1.amazonaws.com',
  '222222222222.dkr-ecr.ap-south-1.on.aws',
] as const;
let home: Awaited<ReturnType<typeof makeHome>>;
let emulators: readonly TestEmulator[];
let image: GeneratedImage;

beforeAll(async () => {
  home = await makeHome();
  emulators = await Promise.all(
    [ONE, OTHER].map((host) => {
      const [account, , , region] = host.replace('dkr-ecr', 'dkr.ecr').split('.');
      return startTestEmulator({ account, accessKeyId: `AKIA${account}`, private: { region } });
    }),
  );
  const sections = emulators.map((emulator, at) =>
    [
      `[profile p${at}]`,
      'region = us-east-2',
      `services = s${at}`,
      `aws_access_key_id = ${emulator.accessKeyId}`,
      `aws_secret_access_key = ${emulator.secretAccessKey}`,
      `[services s${at}]`,
      'ecr =',
      `  endpoint_url = ${emulator.privateUrl}`,
    ].join('\n'),
  );
  await mkdir(join(home.directory, '.aws'));
  await writeFile(join(home.directory, '.aws', 'config'), `${sections.join('\n')}\n`);
  image = await makeImage({ seed: 1, layers: [{ size: 100_000 }] });
  const directory = join(home.directory, 'layout');
  await writeOciLayout(directory, [image]);
  const pushed = await run('push', directory, `${ONE}/app:1`, '--create-repo', '--profile', 'p0');
  expect(pushed).toMatchObject({ status: 0 });
});
afterAll(async () => {
  for (const emulator of emulators) await emulator.close();
  await home.remove();
});

const run = (...argv: string[]): Promise<CliResult> => runCli(argv, { env: home.env });

it('a copy reads with one profile in its region, and writes with another one in its own', async () => {
  const profiles = ['--profile', 'p1', '--from-profile', 'p0'];
  const before = emulators.map(({ requests }) => requests.length);
  const result = await run(
    'copy',
    `${ONE}/app:1`,
    `${OTHER}/team/app`,
    '--create-repo',
    '--json',
    ...profiles,
  );
  expect(result).toMatchObject({ status: 0 });
  expect(result.json()).toMatchObject({
    source: `${ONE}/app:1@${image.descriptor.digest}`,
    reference: `${OTHER}/team/app:1`,
    registryId: '222222222222',
    imageDigest: image.descriptor.digest,
  });
  const [there, here] = emulators.map(({ requests }, at) =>
    requests.slice(before[at]).flatMap(({ operation }) => operation ?? []),
  );
  expect(there).not.toContain('UploadLayerPart');
  expect(here).not.toContain('GetDownloadUrlForLayer');
});

it('neither profile reads the other account', async () => {
  for (const profiles of [
    ['--profile', 'p1'],
    ['--profile', 'p0', '--from-profile', 'p1'],
  ]) {
    const result = await run('copy', `${ONE}/app:1`, `${OTHER}/apart`, ...profiles, '--json');
    expect(result).toMatchObject({ status: 4 });
  }
});
