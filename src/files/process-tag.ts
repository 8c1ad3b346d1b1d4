import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync, renameSync, utimesSync } from 'node:fs';
import { hostname, uptime } from 'node:os';
import { findErrorCode } from './file-errors.ts';

/** Where a process runs. Process ids are comparable within one place only. */
export interface ProcessPlace {
  /** 8 hexadecimal digits of the host name. */
  readonly host: string;
  /** 8 hexadecimal digits that identify boot and PID namespace, so containers and boots differ. */
  readonly space: string;
  /** When the machine was started, in milliseconds since 1970. */
  readonly bootedMs: number;
}

/** A process in a file name: its id, its start (because ids are reused) and its place. Earlier versions left the place out. */
export type ProcessTag = `${number}-${string}`;

/** How often a process touches what it owns. */
export const TOUCH_MS = 15_000;
/** An owner that has touched nothing for this long has ended, wherever it ran. */
const OLD_MS = 8 * TOUCH_MS;

/** Finds where this process runs. Without `/proc` only the host name counts. */
export function findPlace(): ProcessPlace {
  const boot = tryTo(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim());
  const namespace = tryTo(() => readlinkSync('/proc/self/ns/pid'));
  return {
    host: shorten(hostname()),
    space: shorten(JSON.stringify([boot, namespace])),
    bootedMs: Date.now() - uptime() * 1000,
  };
}

/** The tag of this process. */
export function tagOwnProcess({ host, space }: ProcessPlace): ProcessTag {
  return `${process.pid}-${findStart(process.pid)}-${host}-${space}`;
}

/**
 * Whether the process still owns a file or directory; true when in doubt. In our own place the process id answers that. In another place,
 * such as another container, the age does: `changedMs` is when its owner last touched it.
 */
export function isRunning(
  tag: ProcessTag,
  changedMs: number,
  here: ProcessPlace,
  nowMs = Date.now(),
): boolean {
  const [pid, start, host, space] = tag.split('-');
  if (host === here.host && space === here.space) return hasProcess(Number(pid), start);
  // A running owner would have touched it since the boot.
  if (host === here.host && changedMs < here.bootedMs) return false;
  return nowMs - changedMs <= OLD_MS;
}

function hasProcess(pid: number, start: string | undefined): boolean {
  try {
    // Signal 0 only asks whether the process exists.
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  const found = findStart(pid);
  return found === undefined || found === start;
}

/** An opaque start time of a process; `gone` for one that ended but was not reaped; undefined without `/proc`. */
function findStart(pid: number): string | undefined {
  const fields = readProcessFields(pid);
  if (fields === undefined) {
    return pid === process.pid ? String(Math.round(performance.timeOrigin)) : undefined;
  }
  const [state] = fields;
  return state === 'Z' || state === 'X' ? 'gone' : fields[19];
}

/** The fields of `/proc/PID/stat` from the third on (proc(5)). The second is the command in parentheses, which may hold spaces. */
function readProcessFields(pid: number): readonly string[] | undefined {
  const text = tryTo(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  return text?.slice(text.lastIndexOf(')') + 2).split(' ');
}

function shorten(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

function tryTo(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** Shows processes in other places that the file is in use. Throws nothing: they may then take it for abandoned. */
export function touchFile(path: string): void {
  const now = new Date();
  try {
    utimesSync(path, now, now);
  } catch {
    // The next write of the file reports the problem, if it lasts.
  }
}

/** Takes what an ended process left; false if another process was faster. */
export function renameIfThere(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (findErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
