import { readFileSync } from 'node:fs';

/** A running process as file names tell it: its id, and when it was started, as ids are given again. */
export type ProcessTag = `${number}-${string}`;

/** The tag of this process. */
export function tagOwnProcess(): ProcessTag {
  return `${process.pid}-${findStart(process.pid)}`;
}

/** Whether the process of a tag is there; in doubt, as without `/proc`, it is. */
export function isRunning(tag: ProcessTag): boolean {
  const [pid, start] = tag.split('-');
  try {
    // Signal 0 is none: it only asks.
    process.kill(Number(pid), 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  const found = findStart(Number(pid));
  return found === undefined || found === start;
}

/** When a process was started, in whatever unit; `gone` when it has ended and nobody took notice; undefined when nobody tells. */
function findStart(pid: number): string | undefined {
  const fields = readProcessFields(pid);
  if (fields === undefined) {
    return pid === process.pid ? String(Math.round(performance.timeOrigin)) : undefined;
  }
  const [state] = fields;
  return state === 'Z' || state === 'X' ? 'gone' : fields[19];
}

/** The fields of `/proc/PID/stat` from the third on (proc(5)); the second is the command's name in parentheses, spaces and all. */
function readProcessFields(pid: number): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
