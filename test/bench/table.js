// Formats results as Markdown.

import { ACTIONS, FORMS, LARGE_LAYER_RUNS, LINKS, SCENARIOS } from './cases.js';
import { TARGETS } from './targets.js';

const HEADER = [
  ...['client', 'n', 'wall s', 'min–max', 'CPU s', 'peak MiB', 'requests'],
  ...['sent MB', 'received MB', 'blobs MB', 'others, cores'],
];

/** Computes the medians of all figures of the runs, and the `range` of the wall time. */
export function takeMedians(runs) {
  const of = (choose) => takeMedian(runs.map(choose));
  const seconds = runs.map((run) => run.seconds).sort((a, b) => a - b);
  return {
    n: runs.length,
    seconds: takeMedian(seconds),
    range: [seconds[0], seconds.at(-1)],
    cpuSeconds: of((run) => run.cpuSeconds),
    peakMib: of((run) => run.peakMib),
    requests: runs[0].requests && of((run) => run.requests),
    sentBytes: runs[0].wire && of((run) => run.wire.up),
    receivedBytes: runs[0].wire && of((run) => run.wire.down),
    storedBytes: runs[0].storedBytes && of((run) => run.storedBytes),
    othersCores: of((run) => run.othersCores),
  };
}

/** Formats the results of one case. `medians` are by client. */
export function formatCase(key, { medians, exchangeSeconds }) {
  const rows = Object.entries(medians).map(([name, row]) => [
    name,
    row.n,
    formatSeconds(row.seconds),
    row.range.map(formatSeconds).join('–'),
    row.cpuSeconds.toFixed(2),
    row.peakMib.toFixed(0),
    row.requests,
    formatMegabytes(row.sentBytes),
    formatMegabytes(row.receivedBytes),
    (row.storedBytes / 1e6).toFixed(2),
    row.othersCores.toFixed(2),
  ]);
  const exchanges =
    exchangeSeconds === undefined
      ? ''
      : `\n\nTwo handshakes, the token and four calls take ${formatSeconds(exchangeSeconds)} s.`;
  return `#### ${describeCase(key)}\n\n${formatTable(HEADER, rows)}${exchanges}`;
}

/**
 * Formats the targets of the measured cases in some of the tables of targets.js. `results` are { medians, image, exchangeSeconds } by the key of the
 * case.
 */
export function formatTargets(results, tables = Object.keys(TARGETS)) {
  const rows = tables
    .flatMap((table) => TARGETS[table])
    .flatMap(({ key, text, most, measure }) => {
      const result = results[key];
      const figure = result && measure(result.medians, result.image, result.exchangeSeconds);
      if (figure === undefined) return [];
      return [
        [describeCase(key), text, `${figure.toFixed(2)} of ${most}`, figure <= most ? 'yes' : '**no**'],
      ];
    });
  return formatTable(['case', 'to reach', 'figure', 'reached'], rows);
}

/** Formats the medians of `ecrp` as parts of those of `ecrp-before`. */
export function formatChanges(results) {
  const rows = Object.entries(results).flatMap(([key, { medians }]) => {
    const { ecrp, 'ecrp-before': before } = medians;
    if (ecrp === undefined || before === undefined) return [];
    const figures = ['seconds', 'cpuSeconds', 'peakMib'].map((name) =>
      (ecrp[name] / before[name]).toFixed(3),
    );
    return [[describeCase(key), ecrp.n, ...figures]];
  });
  return formatTable(['ecrp : ecrp-before', 'n', 'wall', 'CPU', 'peak'], rows);
}

/** Formats the costs of starting. `medians` are by command. */
export function formatStart(medians) {
  const rows = Object.entries(medians).map(
    ([name, { n, seconds, range, cpuSeconds, peakMib, othersCores }]) => [
      ...[name, n, (seconds * 1000).toFixed(0), range.map((one) => (one * 1000).toFixed(0)).join('–')],
      ...[cpuSeconds.toFixed(2), peakMib.toFixed(0), othersCores.toFixed(2)],
    ],
  );
  const header = ['command', 'n', 'wall ms', 'min–max', 'CPU s', 'peak MiB', 'others, cores'];
  return `#### Start\n\n${formatTable(header, rows)}`;
}

function describeCase(key) {
  if (key === 'start') return 'start';
  const [action, image, form, link, scenario] = key.split(' ');
  if (action === 'large') return `${LARGE_LAYER_RUNS[image]}, one large layer`;
  return `${ACTIONS[action]} ${image}, ${FORMS[form]}, ${LINKS[link].title}: ${SCENARIOS[scenario]}`;
}

export function formatTable(header, rows) {
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function takeMedian(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function formatSeconds(seconds) {
  return seconds.toFixed(seconds < 1 ? 3 : 2);
}

function formatMegabytes(bytes) {
  return bytes === undefined ? '–' : (bytes / 1e6).toFixed(2);
}
