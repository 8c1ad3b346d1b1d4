import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { endWithTests } from '../support/end-with-tests.ts';
import type { Signer } from '../support/signed-request.ts';

export interface EmulatorProcess extends Signer {
  readonly registryAlias: string;
  readonly pid: number;
  /** kill -9, in the midst of whatever it is doing; settles when the process is gone. */
  kill(): Promise<void>;
}

const program = join(import.meta.dirname, '../../bin/ecrp.js');

/**
 * The built emulator in a process of its own; settles when it serves, rejects with its complaint when it ends instead.
 * `mostFileBytes`: no file can grow beyond it, as on a disk that is full.
 */
export async function spawnEmulator(dataDirectory: string, mostFileBytes?: number): Promise<EmulatorProcess> {
  // A POSIX shell counts in blocks of 512 bytes.
  const limit = mostFileBytes === undefined ? 'unlimited' : mostFileBytes / 512;
  const argv = [program, 'emulator', '--port', '0', '--data', dataDirectory, '--json'];
  const child = spawn('sh', ['-c', `ulimit -f ${limit} && exec "$@"`, 'sh', process.execPath, ...argv], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  endWithTests(child);
  const gone = once(child, 'close');
  // Also when the test fails on its way.
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = await once(createInterface(child.stdout), 'line');
  const emulator: Record<string, unknown> = JSON.parse(line);
  if (typeof emulator.url !== 'string') throw new Error(`The emulator did not start: ${line}`);
  return {
    url: emulator.url,
    accessKeyId: String(emulator.accessKeyId),
    secretAccessKey: String(emulator.secretAccessKey),
    registryAlias: String(emulator.registryAlias),
    pid: Number(child.pid),
    kill: async () => {
      child.kill('SIGKILL');
      await gone;
    },
  };
}
