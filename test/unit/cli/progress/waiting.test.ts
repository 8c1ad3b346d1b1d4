import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Messages } from '../../../../src/cli/output.ts';
import { renderWait } from '../../../../src/cli/progress/live-lines.ts';
import { createWaiting, type DisplayKind } from '../../../../src/cli/progress/waiting.ts';
import { Screen } from '../../../support/screen.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function begin(display: DisplayKind, stderr = new PassThrough()) {
  const notes: string[] = [];
  const events: object[] = [];
  const messages: Messages = {
    note: (line) => notes.push(line),
    event: (event, members) => events.push({ event, ...members }),
    warn() {},
    detail() {},
  };
  const io = { stderr, signal: new AbortController().signal };
  return { notes, events, waiting: createWaiting({ io, messages, color: false, display }) };
}

describe('a wait in a log', () => {
  it('is reported after two seconds, then every ten', () => {
    const { notes, waiting } = begin('plain');
    const end = waiting.start('ECR Public (DescribeRepositories)', true);
    vi.advanceTimersByTime(1_999);
    expect(notes).toEqual([]);
    vi.advanceTimersByTime(22_001);
    end();
    vi.advanceTimersByTime(60_000);
    expect(notes).toEqual([
      'Waiting for ECR Public (DescribeRepositories), 2 s',
      'Waiting for ECR Public (DescribeRepositories), 12 s',
      'Waiting for ECR Public (DescribeRepositories), 22 s',
    ]);
  });

  it('says why a call is tried again', () => {
    const { notes, waiting } = begin('plain');
    waiting.start('ECR Public (DescribeRepositories)', true);
    vi.advanceTimersByTime(1_000);
    waiting.noteCall({
      kind: 'retry',
      operation: 'DescribeRepositories',
      attempt: 1,
      delayMs: 5_000,
      reason: 'getaddrinfo\nENOTFOUND',
    });
    vi.advanceTimersByTime(1_000);
    expect(notes).toEqual([
      'Waiting for ECR Public (DescribeRepositories), 2 s: retrying in 4 s, last error: getaddrinfo ENOTFOUND',
    ]);
  });

  it('goes on over calls that follow each other at once, and ends with a pause', () => {
    const { notes, waiting } = begin('plain');
    for (let page = 0; page < 6; page += 1) {
      const end = waiting.start('ECR Public (DescribeRepositories)', true);
      vi.advanceTimersByTime(900);
      end();
      vi.advanceTimersByTime(100);
    }
    expect(notes).toEqual(['Waiting for ECR Public (DescribeRepositories), 2 s']);
    vi.advanceTimersByTime(1_000);
    const end = waiting.start('ECR Public (DeleteRepository)', true);
    vi.advanceTimersByTime(1_900);
    end();
    expect(notes).toHaveLength(1);
  });

  it('names what a call itself waits for', async () => {
    const { notes, waiting } = begin('plain');
    const end = waiting.start('ECR Public (DescribeRepositories)', true);
    const ran = waiting.during('the credential process of the profile build', async () => {
      await vi.advanceTimersByTimeAsync(2_000);
      return 'keys';
    });
    expect(await ran).toBe('keys');
    await vi.advanceTimersByTimeAsync(10_000);
    end();
    expect(notes).toEqual([
      'Waiting for the credential process of the profile build, 2 s',
      'Waiting for ECR Public (DescribeRepositories), 12 s',
    ]);
  });

  it('is not reported while another display shows it, nor after that display has ended', () => {
    const { notes, waiting } = begin('plain');
    const take = waiting.handOver();
    waiting.start('the lock');
    vi.advanceTimersByTime(30_000);
    expect(waiting.find()).toMatchObject({ what: 'the lock', waitedMs: 30_000 });
    expect(notes).toEqual([]);
    take();
    vi.advanceTimersByTime(1);
    expect(notes).toEqual(['Waiting for the lock, 30 s']);
    waiting.clear();
    vi.advanceTimersByTime(30_000);
    expect(notes).toHaveLength(1);
  });

  it('is not reported during a question, and the other display keeps still', () => {
    const { notes, waiting } = begin('plain');
    const states: string[] = [];
    const pause = () => {
      states.push('still');
      return () => states.push('moving');
    };
    const take = waiting.handOver(pause);
    waiting.pauseForQuestion()();
    expect(states).toEqual(['still', 'moving']);
    take();
    waiting.start('the lock');
    const answer = waiting.pauseForQuestion();
    vi.advanceTimersByTime(30_000);
    expect(notes).toEqual([]);
    answer();
    vi.advanceTimersByTime(1);
    expect(notes).toEqual(['Waiting for the lock, 30 s']);
    expect(states).toHaveLength(2);
  });
});

it('is an event where standard error is NDJSON', () => {
  const { events, waiting } = begin('json');
  waiting.start('ECR Public (DescribeRepositories)', true);
  vi.advanceTimersByTime(2_000);
  expect(events).toEqual([
    { event: 'waiting', what: 'ECR Public (DescribeRepositories)', waitedMs: 2_000, reason: undefined },
  ]);
});

it('is not reported without progress', () => {
  const { notes, events, waiting } = begin('none');
  waiting.start('ECR Public (DescribeRepositories)', true);
  vi.advanceTimersByTime(60_000);
  expect([notes, events]).toEqual([[], []]);
});

describe('a wait on a terminal', () => {
  const show = async (columns: number) => {
    const screen = new Screen(columns);
    const { waiting } = begin('live', screen as unknown as PassThrough);
    const end = waiting.start('ECR Public (GetAuthorizationToken)', true);
    await vi.advanceTimersByTimeAsync(2_000);
    // The display is loaded when it is needed.
    await vi.dynamicImportSettled();
    return { screen, waiting, end };
  };

  it.each([80, 40])('is shown in %d columns while it lasts, and leaves nothing behind', async (columns) => {
    const { screen, waiting, end } = await show(columns);
    expect(screen.lines.join(' ')).toMatch(/Waiting for ECR Public +\(GetAuthorizationToken\), 2 s/);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(screen.lines.join(' ')).toMatch(/Waiting for ECR Public +\(GetAuthorizationToken\), 5 s/);
    end();
    await vi.advanceTimersByTimeAsync(500);
    expect(screen.lines).toEqual([]);
    expect(screen.isCursorShown).toBe(true);
    waiting.clear();
  });

  it('is no line that the end of a command leaves on the screen', async () => {
    const { screen, waiting } = await show(80);
    waiting.clear();
    screen.write('Logged in.\n');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(screen.lines).toEqual(['Logged in.']);
  });

  it('is never as wide as the screen, nor obeyed by it', () => {
    const trouble = {
      operation: 'DescribeRepositories',
      reason: 'no\u001b[2J route '.repeat(20),
      waitMs: 4_000,
    };
    const wait = { what: `host\u009b2J (${'x'.repeat(90)})`, isCall: true, waitedMs: 61_000, trouble };
    for (let columns = 20; columns <= 120; columns += 1) {
      const lines = renderWait(wait, columns).split('\n');
      expect(Math.max(...lines.map((line, index) => line.length + (index === 0 ? 2 : 0)))).toBeLessThan(
        columns,
      );
      expect(lines.join('')).not.toMatch(/\p{Cc}/u);
    }
  });
});
