import { stripVTControlCharacters } from 'node:util';
import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { measureText } from '../../../../src/cli/progress/fit-text.ts';
import { renderLive } from '../../../../src/cli/progress/live.ts';
import { digestOf } from '../../../../src/oci/digest.ts';
import { applyAll, MIB, progress, start, upload } from './events.ts';

const plain = new Chalk({ level: 0 });
const subject = { name: 'app:1.0', dryRun: false };

const ids = Array.from({ length: 12 }, (_, index) => digestOf(String(index)));
const busy = applyAll([
  upload(12, 1200 * MIB),
  ...ids.map((id, index) => start(id, index % 3 === 0 ? undefined : 100 * MIB, 100 * MIB)),
  { kind: 'blob-resumed', id: digestOf('1'), resumedBytes: 8 * MIB },
  ...ids.map((id, index) => progress(id, index * 8 * MIB, index % 3 === 0 ? 90 * MIB : undefined)),
  { kind: 'blob-sent', id: digestOf('2'), bytes: 100 * MIB },
  { kind: 'blob-restarted', id: digestOf('4'), reason: 'vanished', nextByte: 0 },
]);
busy.applyCall(
  {
    kind: 'retry',
    operation: 'UploadLayerPart',
    attempt: 1,
    delayMs: 30_000,
    reason: '要求が多すぎます '.repeat(9),
  },
  25_000,
);

const names = [
  'app:1.0',
  `public.ecr.aws/a1b2c3d4/${'team/'.repeat(20)}app:1.0`,
  'アプリ'.repeat(20),
  'e\u0301'.repeat(60),
];

describe.each(names)('the live display of %s', (name) => {
  it('is nowhere as wide as the screen, from 20 to 200 columns', () => {
    for (let columns = 20; columns <= 200; columns += 1) {
      const lines = renderLive(
        busy.snapshot(26_000),
        { name, dryRun: false },
        { columns, rows: 50 },
        plain,
      ).split('\n');
      // The spinner and a space stand before the first line.
      const widths = lines.map((line, index) => measureText(line) + (index === 0 ? 2 : 0));
      expect(Math.max(...widths)).toBeLessThan(columns);
      // The whole in one line or two, eight layers, how many more there are, and what holds it up in one line or two.
      expect([11, 12, 13]).toContain(lines.length);
      const more = lines.findIndex((line) => /^ *and 4 more l/.test(line));
      expect([lines.length - 2, lines.length - 3]).toContain(more);
    }
  });

  it('says what holds it up, however low the screen is', () => {
    for (const rows of [3, 4, 5, 8, 12]) {
      const screen = { columns: 80, rows };
      const lines = renderLive(busy.snapshot(26_000), { name: 'app', dryRun: false }, screen, plain);
      expect(lines).toContain('UploadLayerPart');
    }
  });

  it.each([1, 2, 3, 4, 5, 8, 12])('is lower than a screen of %d rows', (rows) => {
    for (const columns of [30, 80]) {
      const lines = renderLive(
        busy.snapshot(26_000),
        { name, dryRun: false },
        { columns, rows },
        plain,
      ).split('\n');
      expect(lines.length).toBeLessThanOrEqual(Math.max(1, rows - 1));
      expect(lines[0]).toMatch(/^Uploading/);
    }
  });
});

it('is as wide in colour', () => {
  const screen = { columns: 61, rows: 24 };
  const colored = renderLive(busy.snapshot(26_000), subject, screen, new Chalk({ level: 1 }));
  expect(colored).not.toBe(stripVTControlCharacters(colored));
  expect(stripVTControlCharacters(colored)).toBe(renderLive(busy.snapshot(26_000), subject, screen, plain));
});

describe('its lines', () => {
  const [first = digestOf(''), second = first, third = first] = ids;
  const state = applyAll([
    upload(3, 80_000_000),
    start(first, 40_000_000),
    { kind: 'blob-resumed', id: first, resumedBytes: 8_000_000 },
    start(second, undefined, 20_000_000),
    start(third, 20_000_000),
    progress(first, 10_000_000),
    progress(second, 5_000_000, 10_000_000),
    { kind: 'blob-sent', id: third, bytes: 20_000_000 },
  ]);
  const label = (id: string) => id.slice(7, 19);

  it('have a bar where there is room, and say what was resumed and what is estimated', () => {
    expect(renderLive(state.snapshot(7000), subject, { columns: 80, rows: 24 }, plain).split('\n')).toEqual([
      'Uploading app:1.0  35.0 of ~70.0 MB  3.9 MB/s  ~9 s left  resumed 8.0 MB',
      '  0 of 3 blobs',
      `  ${label(first)}  ${'━'.repeat(6)}${'─'.repeat(18)} 25% of 40.0 MB  resumed 8.0 MB`,
      `  ${label(second)}  ${'━'.repeat(12)}${'─'.repeat(12)} 50% of ~10.0 MB`,
      `  ${label(third)}  completing              100% of 20.0 MB`,
    ]);
  });

  it('do without on a narrow screen', () => {
    expect(renderLive(state.snapshot(7000), subject, { columns: 40, rows: 24 }, plain).split('\n')).toEqual([
      'Uploading app:1.0  35.0 of ~70.0 MB',
      '  3.9 MB/s  ~9 s left  resumed 8.0 MB',
      `  ${label(first)}  ━━────── 25% of 40.0 MB`,
      `  ${label(second)}  ━━━━─── 50% of ~10.0 MB`,
      `  ${label(third)}  completing`,
    ]);
  });

  it('show that nothing is acknowledged yet of a layer that is compressed while it is sent', () => {
    const waiting = applyAll([upload(1, 20_000_000), start(first, undefined, 20_000_000)]);
    const render = (dryRun: boolean) =>
      renderLive(waiting.snapshot(7000), { ...subject, dryRun }, { columns: 80, rows: 24 }, plain);
    expect(render(false)).toContain(`  ${label(first)}  compressing and sending, nothing acknowledged yet`);
    expect(render(true)).toContain(`  ${label(first)}  compressing, 0 B`);
    expect(render(true)).not.toMatch(/sent|sending/);
    const narrow = renderLive(waiting.snapshot(7000), subject, { columns: 40, rows: 24 }, plain);
    expect(narrow.split('\n').at(-2)).toBe(`  ${label(first)}  compressing and sending`);
  });

  it('never join a step and the amount', () => {
    for (let columns = 20; columns <= 90; columns += 1) {
      const lines = renderLive(state.snapshot(7000), subject, { columns, rows: 24 }, plain);
      expect(lines).not.toMatch(/completing\d/);
    }
  });

  it('of a dry run do not say that anything is sent', () => {
    const text = renderLive(
      state.snapshot(20_000),
      { ...subject, dryRun: true },
      { columns: 80, rows: 24 },
      plain,
    );
    expect(text).toMatch(/^Reading app:1\.0 /);
    expect(text).not.toContain('acknowledged');
  });
});
