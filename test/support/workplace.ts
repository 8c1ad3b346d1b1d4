import { afterAll } from 'vitest';
import type { EmulatorOptions } from '../../src/emulator/server.ts';
import { makeHome } from './cli.ts';
import { startTestEmulator, type TestEmulator } from './emulator.ts';

/** Makes an empty home and starts an emulator. Await it at the top of a file, whose last test removes both. */
export async function startWorkplace(options: EmulatorOptions = {}): Promise<{
  readonly home: Awaited<ReturnType<typeof makeHome>>;
  readonly emulator: TestEmulator;
}> {
  const [home, emulator] = await Promise.all([makeHome(), startTestEmulator(options)]);
  afterAll(async () => {
    await emulator.close();
    await home.remove();
  });
  return { home, emulator };
}
