import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { spawnCli } from '../support/cli.ts';
import type { Signer } from '../support/signed-request.ts';

export interface EmulatorProcess extends Signer {
  readonly registryAlias: string;
  /** kill -9, in the midst of whatever it is doing; settles when the process is gone. */
  kill(): Promise<void>;
}

/** The built emulator in a process of its own; settles when it serves, rejects with its complaint when it ends instead. */
export async function spawnEmulator(dataDirectory: string): Promise<EmulatorProcess> {
  const { child, ended } = spawnCli(['emulator', '--port', '0', '--data', dataDirectory, '--json']);
  const gone = once(child, 'close');
  if (child.stdout === null) throw new Error('The emulator has no standard output');
  ended.catch(() => undefined);
  const [line] = await once(createInterface(child.stdout), 'line');
  const emulator: Record<string, unknown> = JSON.parse(line);
  if (typeof emulator.url !== 'string') throw new Error(`The emulator did not start: ${line}`);
  return {
    url: emulator.url,
    accessKeyId: String(emulator.accessKeyId),
    secretAccessKey: String(emulator.secretAccessKey),
    registryAlias: String(emulator.registryAlias),
    kill: async () => {
      child.kill('SIGKILL');
      await gone;
    },
  };
}
