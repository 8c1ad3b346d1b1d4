import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { prepareMfaPrompt } from '../../../src/cli/ask.ts';
import { createContext } from '../../../src/cli/command-context.ts';
import type { Io } from '../../../src/io.ts';
import { catchError } from '../../support/catch-error.ts';
import { Screen } from '../../support/screen.ts';

const style = { json: false, verbose: false, jsonLines: false, color: false };
const serial = 'arn:aws:iam::123456789012:mfa/me';
const never = new AbortController().signal;

function open({ isTTY = true } = {}) {
  const stdin = Object.assign(new PassThrough(), { isTTY });
  const stderr = new Screen(80);
  const io: Io = { stdin, stdout: new PassThrough(), stderr, env: {}, cwd: '/', signal: never };
  return {
    stdin,
    stderr,
    ask: prepareMfaPrompt(createContext(io, style, { progress: 'auto', color: false })),
  };
}

test('an MFA code is asked for on a terminal alone', async () => {
  expect(open({ isTTY: false }).ask).toBeUndefined();
  const { stdin, stderr, ask } = open();
  const code = ask?.(serial, never);
  stdin.write(' 123456 \n');
  expect(await code).toBe('123456');
  expect(stderr.lines).toEqual([`MFA code of ${serial}:`]);
});

test.each([
  ['an empty line', (stdin: PassThrough) => stdin.write('\n')],
  ['the end of the input', (stdin: PassThrough) => stdin.end()],
])('%s is AUTH', async (_name, answer) => {
  const { stdin, ask } = open();
  const code = catchError(async () => ask?.(serial, never));
  answer(stdin);
  expect(await code).toMatchObject({ code: 'AUTH', message: expect.stringContaining(serial) });
});

test('an interruption ends the question', async () => {
  const { ask } = open();
  const controller = new AbortController();
  const code = ask?.(serial, controller.signal);
  controller.abort(new Error('interrupted'));
  await expect(code).rejects.toThrow('interrupted');
});
