import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RequestLogEntry } from '../../src/emulator/exchange.ts';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../src/emulator/server.ts';
import { makeWatch } from './watch.ts';

export interface TestEmulator extends Emulator {
  readonly dataDirectory: string;
  /** Requests so far, in the order of their answers. */
  readonly requests: readonly RequestLogEntry[];
  /** Number of calls of an operation. */
  count(operation: string): number;
  /**
   * Settles as soon as `isReached` is true of the requests so far. It is called after each request, before the answer is sent. So a
   * synchronous `act` has finished when the client gets the answer.
   */
  until(isReached: () => boolean, act?: () => void): Promise<void>;
  /** Settles after so many more requests without an answer, as with the fault `stall`. */
  untilStalled(count?: number): Promise<void>;
  /** Environment for a child process that uses the emulator. */
  readonly env: Readonly<Record<string, string>>;
}

/** Starts an emulator on a free port with its own directory. `close` removes that, and throws if the emulator had an internal error. */
export async function startTestEmulator(options: EmulatorOptions = {}): Promise<TestEmulator> {
  const temporary = await mkdtemp(join(tmpdir(), 'ecrp-test-'));
  const removeTemporary = () => rm(temporary, { recursive: true, force: true });
  const dataDirectory = options.dataDirectory ?? temporary;
  const requests: RequestLogEntry[] = [];
  const errors: unknown[] = [];
  const { changed, until } = makeWatch();
  const emulator = await startEmulator({
    ...options,
    dataDirectory,
    onRequest: (entry) => {
      requests.push(entry);
      changed();
    },
    onError: (error) => errors.push(error),
  }).catch(async (error: unknown) => {
    await removeTemporary();
    throw error;
  });
  return {
    ...emulator,
    dataDirectory,
    requests,
    count: (operation) => requests.filter((entry) => entry.operation === operation).length,
    until,
    untilStalled: (count = 1) => {
      const since = requests.length;
      return until(() => requests.slice(since).filter(({ status }) => status === 0).length >= count);
    },
    env: {
      AWS_ENDPOINT_URL_ECR_PUBLIC: emulator.url,
      AWS_ACCESS_KEY_ID: emulator.accessKeyId,
      AWS_SECRET_ACCESS_KEY: emulator.secretAccessKey,
      AWS_REGION: 'us-east-1',
      ECRP_REGISTRY_HOST: emulator.registryHost,
      ...(emulator.privateUrl !== undefined && { AWS_ENDPOINT_URL_ECR: emulator.privateUrl }),
      ...(emulator.privateRegistryHost !== undefined && {
        ECRP_PRIVATE_REGISTRY_HOST: emulator.privateRegistryHost,
      }),
    },
    close: async () => {
      await emulator.close();
      await removeTemporary();
      if (errors.length > 0) throw new AggregateError(errors, 'the emulator met errors inside itself');
    },
  };
}

/** Replaces the faults of a running emulator. */
export async function setFaults(
  { url }: Pick<TestEmulator, 'url'>,
  faults: readonly string[],
): Promise<void> {
  const body = JSON.stringify({ faults });
  const response = await fetch(`${url}/emulator/faults`, { method: 'PUT', body });
  if (response.status !== 200) throw new Error(await response.text());
}
