// `ecrp emulator -- …` runs this: commands as people run them most.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const { HOME: home, ECRP_PRIVATE_REGISTRY_HOST: privateHost } = process.env;
const archive = join(root, 'fixtures/archives/skopeo-docker-archive.tar');
const layout = join(root, 'fixtures/archives/skopeo-oci-dir');

/** A push loads most chunks that commands share. They get only what it calls: the rest would take memory in each push. */
const pushes = [
  ['push', archive, 'app:1', '--create-repo'],
  ['push', archive, 'app:1'],
];
const others = [
  ['emulator', '--port', '0', '--', process.execPath, '--eval', ''],
  ['push', layout, 'app:2', '--json'],
  ['push', layout, 'app:3', '--transport', 'registry'],
  ['push', layout, `${privateHost}/app:1`, '--create-repo'],
  ['copy', 'app:1', 'copied:1', '--create-repo'],
  ['pull', 'app:1', join(home, 'pulled')],
  ['repo', 'list'],
  ['repo', 'describe', 'app'],
  ['image', 'list', 'app'],
  ['image', 'describe', 'app:1'],
  ['image', 'tag', 'app:1', '4'],
  ['doctor', 'app'],
  ['login'],
];
for (const argv of pushes) record(argv);
for (const argv of others) record(argv, { ECRP_CODE_CACHE_KEEP: '1' });

function record(argv, env) {
  const recorder = ['--require', join(import.meta.dirname, 'record.cjs')];
  const { status, stderr } = spawnSync(process.execPath, [...recorder, join(root, 'bin/ecrp.js'), ...argv], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  if (status === 0) return;
  process.stderr.write(`ecrp ${argv.join(' ')}\n${stderr}`);
  process.exit(1);
}
