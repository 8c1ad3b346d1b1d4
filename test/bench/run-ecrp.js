// Runs ecrp and measures its peak memory, on Linux.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { program } from './servers.js';

// When a process exits, it writes the high-water mark of its memory to the file ECRP_BENCH_PEAK.
const hook = `data:text/javascript,${encodeURIComponent(`
  import { readFileSync, writeFileSync } from 'node:fs';
  process.on('exit', () => writeFileSync(process.env.ECRP_BENCH_PEAK, readFileSync('/proc/self/status')));
`)}`;

let count = 0;

/**
 * Starts ecrp with a HOME, which also has its temporary files, and with the variables of `env`. `stdin` is a file to send through a pipe.
 * `readPeak` and `readPeakMib` give the peak once the process has ended.
 */
export function runEcrp(options, { home, env = {}, stdin }) {
  count += 1;
  const peakFile = join(home, `${count}.status`);
  const child = spawn(process.execPath, ['--import', hook, program, ...options], {
    env: { PATH: process.env.PATH, HOME: home, TMPDIR: home, ...env, ECRP_BENCH_PEAK: peakFile },
    stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'inherit'],
  });
  if (stdin !== undefined) pipeline(createReadStream(stdin), child.stdin).catch(() => undefined);
  const ended = once(child, 'exit');
  return {
    child,
    ended,
    async succeeded() {
      const [status] = await ended;
      if (status !== 0) throw new Error(`ecrp ${options.join(' ')} ended with status ${status}`);
    },
    readPeak() {
      return `${this.readPeakMib().toFixed(0)} MiB`;
    },
    readPeakMib() {
      return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(peakFile, 'utf8'))?.[1]) / 1024;
    },
  };
}
