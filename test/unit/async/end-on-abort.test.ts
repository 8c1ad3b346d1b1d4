import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { endOnAbort } from '../../../src/async/end-on-abort.ts';

/** A shell that waits for a shell that waits for a program; they say their process ids, the last one first. */
const NESTED = `sh -c 'sleep 600 & echo $!; echo $$; wait'; echo never`;

it.runIf(process.platform === 'linux')('ends all that a child has started', async () => {
  const child = spawn(NESTED, { shell: true, stdio: ['ignore', 'pipe', 'inherit'] });
  const stop = new AbortController();
  endOnAbort(child, stop.signal);
  const ids: number[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    ids.push(Number(line));
    if (ids.length === 2) break;
  }
  expect(ids.map(isRunning)).toEqual([true, true]);
  const ended = once(child, 'close');
  stop.abort();
  expect(await ended).toEqual([null, 'SIGTERM']);
  // They get the signal at the same time, and take a moment.
  await expect.poll(() => ids.map(isRunning), { timeout: 50_000 }).toEqual([false, false]);
});

it('does nothing to a child that has ended', async () => {
  const child = spawn('exit 3', { shell: true });
  const stop = new AbortController();
  endOnAbort(child, stop.signal);
  expect(await once(child, 'close')).toEqual([3, null]);
  stop.abort();
  expect(child.killed).toBe(false);
});

/** A zombie is not running: it has ended, and its parent has not read its status. */
function isRunning(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
