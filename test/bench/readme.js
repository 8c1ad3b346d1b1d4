// Results in README.md.

import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { listCases } from './cases.js';
import { formatCase, formatStart, formatTargets } from './table.js';

const FILE = join(import.meta.dirname, 'README.md');
const MARKS = ['<!-- results -->', '<!-- end of results -->'];

/** Replaces the results in README.md. `results` are { medians, image, exchangeSeconds } by the key of the case. */
export function writeReadme(results) {
  const text = readFileSync(FILE, 'utf8');
  const [start, end] = MARKS.map((mark) => text.indexOf(mark));
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const machine = `${cpus().length} × ${cpus()[0].model}, ${memory}, Node ${process.versions.node}`;
  const parts = [
    MARKS[0],
    `Measured on ${new Date().toISOString().slice(0, 10)}: ${machine}.`,
    formatTargets(results),
    formatStart(results.start.medians),
    ...listCases()
      .filter(({ key }) => results[key] !== undefined)
      .map(({ key }) => formatCase(key, results[key])),
  ];
  writeFileSync(FILE, `${text.slice(0, start)}${parts.join('\n\n')}\n\n${text.slice(end)}`);
}
