// Measures one run of a command and of the processes that it starts, on Linux.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

const SAMPLE_MS = 20;
/** /proc counts in ticks. Linux reports 100 per second to every program. */
const TICKS_PER_SECOND = 100;
/** A shell that prints the CPU time of its children. Its own is negligible. */
const SHELL = '"$@"; status=$?; times >&3; exit $status';

/**
 * Runs a command with its output in `log`. Throws if it fails. `engine` is the process ID of a daemon that works for it; its costs are added.
 * `watch` lists other processes whose CPU time is no disturbance. Times are in seconds, memory in MiB.
 */
export async function measure(argv, { env, log, engine, watch = [] }) {
  if (engine !== undefined) resetPeak(engine);
  const before = {
    machine: readMachine(),
    engine: cpuOf(engine),
    watched: watch.map(cpuOf),
    own: process.cpuUsage(),
  };
  const output = openSync(log, 'w');
  const startedMs = performance.now();
  const child = spawn('sh', ['-c', SHELL, 'sh', ...argv], { env, stdio: ['ignore', output, output, 'pipe'] });
  const peak = watchPeak(child.pid);
  const exited = once(child, 'exit').then(([status]) => ({ status, ms: performance.now() - startedMs }));
  let times = '';
  for await (const chunk of child.stdio[3]) times += chunk;
  const { status, ms } = await exited;
  closeSync(output);
  const client = sumTimes(times);
  const engineCpu = cpuOf(engine) - before.engine;
  const known = watch.reduce(
    (sum, pid, index) => sum + cpuOf(pid) - before.watched[index],
    client + engineCpu,
  );
  const { user, system } = process.cpuUsage(before.own);
  const others = readMachine() - before.machine - known - (user + system) / 1e6;
  const peaks = [peak.stop(), ...(engine === undefined ? [] : [readPeak(engine)])];
  if (status !== 0)
    throw new Error(
      `${argv.join(' ')} ended with status ${status}:\n${readFileSync(log, 'utf8').slice(-2000)}`,
    );
  return {
    seconds: ms / 1000,
    cpuSeconds: client + engineCpu,
    peakMib: peaks.reduce((sum, kib) => sum + kib, 0) / 1024,
    othersCores: Math.max(0, others) / (ms / 1000),
  };
}

/** Reads the CPU seconds of a process and of its finished children. */
export function cpuOf(pid) {
  if (pid === undefined) return 0;
  // The name in parentheses may contain spaces.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_SECOND;
}

/** Reads the CPU seconds of the whole machine, with those that its host gave to others. */
export function readMachine() {
  const [, user, nice, system, , , irq, softIrq, steal] = readFileSync('/proc/stat', 'utf8')
    .split('\n')[0]
    .split(/\s+/)
    .map(Number);
  return (user + nice + system + irq + softIrq + steal) / TICKS_PER_SECOND;
}

/** Sums the second line of the shell's `times`: `0m1.230000s 0m0.450000s`. */
function sumTimes(text) {
  const found = (text.split('\n')[1] ?? '').matchAll(/(\d+)m([\d.]+)s/g);
  return Array.from(found, ([, minutes, seconds]) => 60 * minutes + Number(seconds)).reduce(
    (sum, one) => sum + one,
    0,
  );
}

/** Finds the peak of the largest process below another. High-water marks miss only what comes after the last look. */
function watchPeak(root) {
  let mostKib = 0;
  const look = () => {
    for (const pid of listDescendants(root)) mostKib = Math.max(mostKib, readPeak(pid));
  };
  const timer = setInterval(look, SAMPLE_MS);
  return {
    stop() {
      clearInterval(timer);
      return mostKib;
    },
  };
}

function listDescendants(pid) {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const children = threads.flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean),
    );
    return [...children, ...children.flatMap(listDescendants)];
  } catch {
    // The process has ended.
    return [];
  }
}

function readPeak(pid) {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Writing 5 resets the high-water mark to the resident memory (proc(5)). */
function resetPeak(pid) {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}
