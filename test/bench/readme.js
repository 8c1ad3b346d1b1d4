// Results in README.md, in a section for each table of targets.js.

import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { listCases } from './cases.js';
import { formatCase, formatStart, formatTargets } from './table.js';
import { TARGETS } from './targets.js';

const FILE = join(import.meta.dirname, 'README.md');

/** Replaces the sections of some tables in README.md. `results` are { medians, image, exchangeSeconds } by the key of the case. */
export function writeReadme(results, tables) {
  const text = tables.reduce(
    (before, table) => replaceSection(before, table, results),
    readFileSync(FILE, 'utf8'),
  );
  writeFileSync(FILE, text);
}

function replaceSection(text, table, results) {
  const marks = [`<!-- results: ${table} -->`, `<!-- end of results: ${table} -->`];
  const [start, end] = marks.map((mark) => text.indexOf(mark));
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const machine = `${cpus().length} × ${cpus()[0].model}, ${memory}, Node ${process.versions.node}`;
  const keys = new Set(TARGETS[table].map(({ key }) => key));
  const parts = [
    marks[0],
    `Measured on ${new Date().toISOString().slice(0, 10)}: ${machine}.`,
    formatTargets(results, [table]),
    ...(keys.has('start') ? [formatStart(results.start.medians)] : []),
    ...listCases()
      // The table of the API has pushes without a target as well.
      .filter(({ key, action }) => keys.has(key) || (table === 'api' && action === 'push'))
      .filter(({ key }) => results[key] !== undefined)
      .map(({ key }) => formatCase(key, results[key])),
  ];
  return `${text.slice(0, start)}${parts.join('\n\n')}\n\n${text.slice(end)}`;
}
