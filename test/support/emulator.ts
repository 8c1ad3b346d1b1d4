import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RequestLogEntry } from '../../src/emulator/exchange.ts';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../src/emulator/server.ts';

export interface TestEmulator extends Emulator {
  readonly dataDirectory: string;
  /** Requests so far, in the order of their answers. */
  readonly requests: readonly RequestLogEntry[];
  /** How often an operation was asked for. */
  count(operation: string): number;
  /** For a child process that is to talk to it. */
  readonly env: Readonly<Record<string, string>>;
}

/** An emulator on a free port with a directory of its own; `close` removes it, and throws when the emulator met an error inside itself. */
export async function startTestEmulator(options: EmulatorOptions = {}): Promise<TestEmulator> {
  const temporary = await mkdtemp(join(tmpdir(), 'ecrp-test-'));
  const dataDirectory = options.dataDirectory ?? temporary;
  const requests: RequestLogEntry[] = [];
  const errors: unknown[] = [];
  const emulator = await startEmulator({
    ...options,
    dataDirectory,
    onRequest: (entry) => requests.push(entry),
    onError: (error) => errors.push(error),
  });
  return {
    ...emulator,
    dataDirectory,
    requests,
    count: (operation) => requests.filter((entry) => entry.operation === operation).length,
    env: {
      AWS_ENDPOINT_URL_ECR_PUBLIC: emulator.url,
      AWS_ACCESS_KEY_ID: emulator.accessKeyId,
      AWS_SECRET_ACCESS_KEY: emulator.secretAccessKey,
      AWS_REGION: 'us-east-1',
      ECRP_REGISTRY_HOST: emulator.registryHost,
    },
    close: async () => {
      await emulator.close();
      await rm(temporary, { recursive: true, force: true });
      if (errors.length > 0) throw new AggregateError(errors, 'the emulator met errors inside itself');
    },
  };
}
