import { expect, it } from 'vitest';
import { tryEach } from '../../../../../src/cli/commands/push/try-each.ts';
import { EcrpError } from '../../../../../src/errors.ts';

const items = ['one', 'two', 'three'].map((name) => ({ name }));
const { signal } = new AbortController();

it('goes on after an error, and keeps every result', async () => {
  const error = new EcrpError('LIMIT', 'too long');
  const tried = await tryEach(
    items,
    async ({ name }) => {
      if (name === 'two') throw error;
      return name;
    },
    signal,
  );
  expect(tried).toEqual([
    { name: 'one', result: 'one' },
    { name: 'two', error },
    { name: 'three', result: 'three' },
  ]);
});

it.each([
  ['AUTH', 'not sent: the credentials failed at one'],
  ['INTERRUPTED', 'not sent: the command was interrupted at one'],
] as const)('ends with %s', async (code, message) => {
  const run: string[] = [];
  const tried = await tryEach(
    items,
    async ({ name }) => {
      run.push(name);
      throw new EcrpError(code, 'denied');
    },
    signal,
  );
  expect(run).toEqual(['one']);
  expect(tried.map((each) => 'error' in each && each.error.message)).toEqual(['denied', message, message]);
});

it('takes what is thrown after an interruption for the interruption', async () => {
  const interruption = new EcrpError('INTERRUPTED', 'interrupted by SIGINT', { signal: 'SIGINT' });
  const [first] = await tryEach(
    items,
    async () => {
      throw new Error('socket closed');
    },
    AbortSignal.abort(interruption),
  );
  expect(first).toEqual({ name: 'one', error: interruption });
});
