import { PassThrough, Writable } from 'node:stream';
import { expect, test } from 'vitest';
import type { OutputStyle, ResultMembers } from '../../../src/cli/output.ts';
import { printList, type StreamedList } from '../../../src/cli/print-list.ts';
import { EcrpError } from '../../../src/errors.ts';
import type { Io } from '../../../src/io.ts';
import { runCli } from '../../support/cli.ts';

const style: OutputStyle = { json: true, verbose: false, jsonLines: false, color: false, annotations: false };

function print(list: StreamedList) {
  return runCli([], { main: async (_argv, io) => (await printList(io, style, list)).exitStatus ?? 0 });
}

async function* failAfter(count: number): AsyncGenerator<ResultMembers> {
  for (let number = 0; number < count; number += 1) yield { number };
  throw new EcrpError('UNAVAILABLE', 'the service is down', { hint: 'Run it again.' });
}

test('a list is one document, with members before and after it', async () => {
  const items = [{ number: 1, absent: undefined }, { text: 'a\u001bb' }];
  const list = { head: { name: 'x' }, member: 'items', items, tail: () => ({ total: 2 }) };
  expect((await print(list)).stdout).toBe(
    '{"schemaVersion":1,"name":"x","items":[{"number":1},{"text":"a\\u001bb"}],"total":2}\n',
  );
  expect((await print({ member: 'items', items: [] })).json()).toEqual({ schemaVersion: 1, items: [] });
});

test('a list that breaks off is closed, with the error after it', async () => {
  const { status, json } = await print({
    member: 'items',
    items: failAfter(2),
    tail: () => ({ never: true }),
  });
  expect(status).toBe(8);
  expect(json()).toEqual({
    schemaVersion: 1,
    items: [{ number: 0 }, { number: 1 }],
    error: { code: 'UNAVAILABLE', message: 'the service is down', hint: 'Run it again.' },
    exitStatus: 8,
  });
});

test('nothing is printed when not even the first item can be read', async () => {
  const stdout = new PassThrough();
  // Only these members are used.
  const io = { stdout, signal: new AbortController().signal } as unknown as Io;
  await expect(printList(io, style, { member: 'items', items: failAfter(0) })).rejects.toThrow('is down');
  expect(stdout.read()).toBeNull();
});

test('reading ends when the reader of standard output has gone away', async () => {
  const stdout = new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error('gone'), { code: 'EPIPE' })),
  });
  stdout.on('error', () => undefined);
  let read = 0;
  let isClosed = false;
  async function* yieldEndlessly(): AsyncGenerator<ResultMembers> {
    try {
      for (; ; read += 1) yield { text: 'x'.repeat(10_000) };
    } finally {
      isClosed = true;
    }
  }
  // Only these members are used.
  const io = { stdout, signal: new AbortController().signal } as unknown as Io;
  expect(await printList(io, style, { member: 'items', items: yieldEndlessly() })).toEqual({});
  expect({ isClosed, isFew: read < 20 }).toEqual({ isClosed: true, isFew: true });
});
