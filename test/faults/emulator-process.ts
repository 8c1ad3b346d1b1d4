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
  /** Kills the process with SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
}

const program = join(import.meta.dirname, '../../bin/ecrp.js');

/**
 * Starts the built emulator in its own process. Resolves when it serves; rejects with its error if it ends instead.
 * @param mostFileBytes No file can grow beyond it, as on a full disk.
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
  // Also if the test fails.
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
