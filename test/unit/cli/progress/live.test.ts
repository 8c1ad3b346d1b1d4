import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ProgressDisplay } from '../../../../src/cli/progress/display.ts';
import { createLiveProgress } from '../../../../src/cli/progress/live.ts';
import { digestOf } from '../../../../src/oci/digest.ts';
import { Screen } from '../../../support/screen.ts';
import { progress, start, upload } from './events.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const first = digestOf('first');
const second = digestOf('second');

/** A display in the midst of an upload, below a line that was there before. */
function begin(columns: number): { screen: Screen; display: ProgressDisplay; interrupt: () => void } {
  const screen = new Screen(columns);
  screen.write('$ ecrp push app.tar app:1.0\n');
  const controller = new AbortController();
  const place = { stderr: screen, signal: controller.signal };
  const display = createLiveProgress(place, { name: 'app:1.0', dryRun: false }, false);
  display.show(upload(2, 80_000_000));
  display.show(start(first, 40_000_000));
  display.show(start(second, 40_000_000));
  vi.advanceTimersByTime(1000);
  display.show(progress(first, 10_000_000));
  vi.advanceTimersByTime(1000);
  return { screen, display, interrupt: () => controller.abort(new Error('interrupted')) };
}

const shown = (screen: Screen) => screen.lines.slice(1).map((line) => line.trim().slice(0, 14));

describe('the live display', () => {
  it('is redrawn in place, in one write, with the cursor hidden', () => {
    const { screen, display } = begin(80);
    const lines = screen.lines.length;
    const before = screen.writes;
    vi.advanceTimersByTime(125);
    expect(screen.writes).toBe(before + 1);
    vi.advanceTimersByTime(3000);
    // Below, it says how long nothing has come.
    expect(screen.lines).toHaveLength(lines + 1);
    expect(screen.isCursorShown).toBe(false);
    display.stop();
  });

  it('leaves nothing behind when it is stopped', () => {
    const { screen, display } = begin(80);
    display.stop();
    display.stop();
    expect(screen.lines).toEqual(['$ ecrp push app.tar app:1.0']);
    expect(screen.isCursorShown).toBe(true);
  });

  it('makes room for a question, and comes back after the answer', () => {
    const { screen, display } = begin(80);
    const resume = display.pause?.();
    screen.write('MFA code: ');
    vi.advanceTimersByTime(3000);
    screen.write('123456\n');
    expect(screen.lines).toEqual(['$ ecrp push app.tar app:1.0', 'MFA code: 123456']);
    expect(screen.isCursorShown).toBe(true);
    resume?.();
    vi.advanceTimersByTime(125);
    expect(screen.lines.slice(0, 2)).toEqual(['$ ecrp push app.tar app:1.0', 'MFA code: 123456']);
    expect(screen.lines.length).toBeGreaterThan(2);
    display.stop();
  });

  it('goes at once when it is interrupted, with the ^C of the terminal', () => {
    // The last line is as long as any may be.
    const { screen, display, interrupt } = begin(40);
    expect(screen.lines.at(-1)).toHaveLength(39);
    screen.echo('^C');
    interrupt();
    expect(screen.isCursorShown).toBe(true);
    vi.advanceTimersByTime(5000);
    screen.write('error: interrupted\n');
    display.stop();
    expect(screen.lines).toEqual(['$ ecrp push app.tar app:1.0', 'error: interrupted']);
  });

  it('stays below lines that are printed meanwhile', () => {
    const { screen, display } = begin(80);
    const before = shown(screen);
    screen.write('Created repository app.\n');
    vi.advanceTimersByTime(125);
    expect(screen.lines[1]).toBe('Created repository app.');
    expect(
      shown(screen)
        .slice(1)
        .map((line) => line.slice(2)),
    ).toEqual(before.map((line) => line.slice(2)));
    display.stop();
  });

  it('leaves nothing behind when the terminal becomes narrower and wider', () => {
    const { screen, display } = begin(80);
    for (const columns of [60, 41, 27, 33, 80, 20, 200]) {
      screen.resize(columns);
      expect(Math.max(...screen.lines.slice(4).map(({ length }) => length))).toBeLessThan(columns);
      vi.advanceTimersByTime(125);
      const bars = screen.lines.filter((line) => line.includes(first.slice(7, 19)));
      expect(bars).toHaveLength(1);
    }
    display.stop();
    screen.resize(80);
    expect(screen.lines).toEqual(['$ ecrp push app.tar app:1.0']);
  });

  it('draws nothing while a terminal says that it has no columns', () => {
    const { screen, display } = begin(80);
    const before = screen.lines;
    screen.columns = 0;
    screen.emit('resize');
    vi.advanceTimersByTime(1000);
    expect(screen.lines).toEqual(before);
    screen.columns = 80;
    display.stop();
    expect(screen.lines).toEqual(['$ ecrp push app.tar app:1.0']);
  });

  it('is not begun when all is over already', () => {
    const screen = new Screen(80);
    const place = { stderr: screen, signal: AbortSignal.abort() };
    createLiveProgress(place, { name: 'app:1.0', dryRun: false }, false).stop();
    expect(screen.writes).toBe(0);
  });
});
