import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeRandomBytes } from '../../support/images.ts';
import { requireClient } from './clients.ts';
import type { Sandbox } from './sandbox.ts';

const MIB = 1024 * 1024;

/** Options of a push that sends the layer of `makeRootTar` in two parts. */
export const IN_PARTS = ['--part-size', '5'] as const;

/** Makes the tar of a root file system with text and a symlink. It is larger than a part of 5 MiB. */
export async function makeRootTar(sandbox: Sandbox): Promise<string> {
  const directory = sandbox.makeDirectory('rootfs');
  mkdirSync(join(directory, 'usr'));
  writeFileSync(join(directory, 'usr', 'noise'), makeRandomBytes('root', 6 * MIB));
  writeFileSync(join(directory, 'usr', 'text'), 'The same line again and again.\n'.repeat(10_000));
  symlinkSync('usr/text', join(directory, 'text'));
  const file = join(sandbox.makeDirectory('root'), 'root.tar');
  await sandbox.run(requireClient('tar'), '--create', '--file', file, '--directory', directory, '.');
  return file;
}
