import { existsSync, watch } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { runCommand } from '../../../../../src/cli/commands/emulator/child-command.ts';
import { EcrpError } from '../../../../../src/errors.ts';
import { useTemporaryDirectories } from '../../../../support/temporary-directory.ts';

const makeDirectory = useTemporaryDirectories();

/** Runs a command that ignores SIGHUP. `started` resolves when it does. */
async function runStubborn(graceMs: number) {
  const directory = await makeDirectory();
  const ready = join(directory, 'ready');
  const script = `process.on('SIGHUP', () => {}); require('node:fs').writeFileSync(${JSON.stringify(ready)}, ''); setInterval(() => {}, 1000);`;
  const controller = new AbortController();
  const cleanUps = new Set<() => void>();
  const io = {
    stdin: Readable.from([]),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    env: {},
    cwd: directory,
    signal: controller.signal,
    onExit: (cleanUp: () => void) => {
      cleanUps.add(cleanUp);
      return () => cleanUps.delete(cleanUp);
    },
  };
  const started = new Promise<void>((resolve) => {
    const watcher = watch(directory, () => {
      if (!existsSync(ready)) return;
      watcher.close();
      resolve();
    });
  });
  const ended = runCommand(io, [process.execPath, '-e', script], {}, graceMs);
  const hangUp = () => controller.abort(new EcrpError('INTERRUPTED', 'hung up', { signal: 'SIGHUP' }));
  return { ended, started, hangUp, cleanUps };
}

it('kills a command that keeps running after its terminal has closed', async () => {
  const { ended, started, hangUp, cleanUps } = await runStubborn(0);
  await started;
  hangUp();
  expect(await ended).toBe(137);
  expect(cleanUps.size).toBe(0);
});

it('kills a command when the process ends first', async () => {
  const { ended, started, cleanUps } = await runStubborn(60_000);
  await started;
  for (const cleanUp of cleanUps) cleanUp();
  expect(await ended).toBe(137);
});
