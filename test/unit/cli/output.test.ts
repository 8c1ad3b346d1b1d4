import { readFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { confirm } from '../../../src/cli/ask.ts';
import { createContext } from '../../../src/cli/command-context.ts';
import { type OutputStyle, printError } from '../../../src/cli/output.ts';
import { EcrpError } from '../../../src/errors.ts';
import type { Io } from '../../../src/io.ts';
import { main } from '../../../src/main.ts';
import { runCli } from '../../support/cli.ts';
import { readWritten } from '../../support/read-written.ts';

const style: OutputStyle = { json: false, verbose: false, jsonLines: false, color: false };

/** Prints an error as the whole program would. */
function show(error: unknown, changes: Partial<OutputStyle> = {}, signal?: AbortSignal) {
  return runCli([], {
    main: (_argv, io) => printError(io, { ...style, ...changes }, error),
    ...(signal && { signal }),
  });
}

describe('an error', () => {
  const error = new EcrpError('NOT_FOUND', 'there is no app', {
    hint: 'Make one.',
    operation: 'PutImage',
    awsError: 'RepositoryNotFoundException',
    requestId: 'r-1',
    cause: new Error('inner'),
  });

  it('is three lines for a person: what, who said so, what to do', async () => {
    expect(await show(error)).toMatchObject({
      status: 5,
      stdout: '',
      stderr:
        'error: there is no app\n' +
        '  (PutImage, RepositoryNotFoundException, request r-1)\n' +
        'hint: Make one.\n',
    });
  });

  it('is one document on stdout with --json, and nothing on stderr', async () => {
    const { status, stderr, json } = await show(error, { json: true, verbose: true });
    expect({ status, stderr }).toEqual({ status: 5, stderr: '' });
    expect(json()).toEqual({
      schemaVersion: 1,
      error: {
        code: 'NOT_FOUND',
        message: 'there is no app',
        hint: 'Make one.',
        operation: 'PutImage',
        awsError: 'RepositoryNotFoundException',
        requestId: 'r-1',
      },
      exitStatus: 5,
    });
  });

  it('has a red label where colours are wanted', async () => {
    const { stderr } = await show(error, { color: true });
    expect(stderr.startsWith('\u001b[31m')).toBe(true);
    expect(stderr).toContain('error:');
  });

  it('says nothing that a terminal would obey', async () => {
    const name = 'app\u001b[2J\u009b1A\r:1';
    const { stderr } = await show(new EcrpError('USAGE', `no image ${name}`, { hint: `not ${name}` }));
    expect(stderr).toBe('error: no image app\\x1b[2J\\x9b1A\\r:1\nhint: not app\\x1b[2J\\x9b1A\\r:1\n');
  });

  it('is a bug when it is nothing we know; its stack is for --verbose', async () => {
    const bug = new TypeError('x is not a function');
    const plain = await show(bug);
    expect(plain.status).toBe(1);
    expect(plain.stderr).toContain('TypeError: x is not a function');
    expect(plain.stderr).toContain('Report this bug');
    expect(plain.stderr).not.toContain('output.test.ts');
    const verbose = await show(bug, { verbose: true });
    expect(verbose.stderr).toContain('output.test.ts');
    const { json } = await show('thrown text', { json: true });
    expect(json()).toMatchObject({ error: { code: 'INTERNAL' }, exitStatus: 1 });
  });

  it('of the file system is not a bug', async () => {
    const missing = await readFile('/nonexistent/file').catch((reason: unknown) => reason);
    expect(await show(missing)).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('/nonexistent/file'),
    });
  });

  it('after an interruption is the interruption', async () => {
    const signal = AbortSignal.abort(
      new EcrpError('INTERRUPTED', 'interrupted by SIGTERM', { signal: 'SIGTERM' }),
    );
    expect(await show(new Error('socket closed'), {}, signal)).toMatchObject({
      status: 143,
      stderr: 'error: interrupted by SIGTERM\n',
    });
  });
});

describe('a question', () => {
  function ask(answer: string | undefined, signal = new AbortController().signal) {
    const stdin = Object.assign(new PassThrough(), { isTTY: true });
    const stderr = Object.assign(new PassThrough(), { isTTY: true });
    if (answer !== undefined) stdin.end(answer);
    const io: Io = { stdin, stdout: new PassThrough(), stderr, env: {}, cwd: '/', signal };
    const context = createContext(io, style, { progress: 'none', color: false });
    return { asked: confirm(context, 'Really?', 'deleting'), read: () => readWritten(stderr) };
  }

  it.each(['y\n', 'yes\n', ' YES \n'])('is answered with %j', async (answer) => {
    const { asked, read } = ask(answer);
    expect(await asked).toBe(true);
    expect(read()).toBe('Really? [y/N] ');
  });

  it.each(['\n', 'n\n', 'yess\n', ''])('is denied with %j', async (answer) => {
    expect(await ask(answer).asked).toBe(false);
  });

  it.each([false, true])('that is denied ends a command without an error; with --json: %s', async (json) => {
    const stdin = Object.assign(new PassThrough(), { isTTY: true });
    const [stdout, stderr] = [
      new PassThrough(),
      Object.assign(new PassThrough(), { isTTY: true, columns: 80 }),
    ];
    stdin.end('n\n');
    const io: Io = { stdin, stdout, stderr, env: {}, cwd: '/', signal: new AbortController().signal };
    expect(await main(['repo', 'delete', 'app', ...(json ? ['--json'] : [])], io)).toBe(2);
    expect(readWritten(stderr)).toBe(
      'Delete repository app? This cannot be undone. [y/N] Cancelled; nothing was changed.\n',
    );
    const message = 'Cancelled; nothing was changed.';
    const document = { schemaVersion: 1, error: { code: 'USAGE', message }, exitStatus: 2 };
    expect(JSON.parse(readWritten(stdout) || 'null')).toEqual(json ? document : null);
  });

  it('ends when it is interrupted', async () => {
    const controller = new AbortController();
    const { asked } = ask(undefined, controller.signal);
    controller.abort();
    await expect(asked).rejects.toThrow();
  });
});
