import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { onAbort } from './abort.ts';

/**
 * Sends SIGTERM to a child and to all processes that it has started, once the signal aborts. A shell or a script would leave its
 * programs running. A process group of its own would do, but could not ask a person on the terminal. Without `/proc`, ends the child
 * only.
 */
export function endOnAbort(child: ChildProcess, signal: AbortSignal): void {
  const dispose = onAbort(signal, () => {
    const descendants = child.pid === undefined ? [] : listDescendants(child.pid);
    child.kill();
    for (const pid of descendants) endProcess(pid);
    // The caller does not wait for the child any more.
    child.stdout?.destroy();
    child.stderr?.destroy();
  });
  child.once('close', dispose);
}

function listDescendants(pid: number): readonly number[] {
  const children = listThreads(pid).flatMap(readChildren);
  return children.flatMap((child) => [child, ...listDescendants(child)]);
}

/** Each thread has its own list of children. */
function listThreads(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}`);
  } catch {
    return [];
  }
}

function readChildren(thread: string): readonly number[] {
  try {
    return readFileSync(`${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid);
  } catch {
    // It has ended already, or belongs to another user.
  }
}
