import { expect, test } from 'vitest';
import { BodyBudget } from '../../../src/emulator/receive-body.ts';

/** Takes from a budget of 10 bytes, and lists the names in the order of granting. */
function startTaking() {
  const granted: string[] = [];
  const budget = new BodyBudget(10);
  const take = (name: string, bytes: number) =>
    budget.take(bytes).then((release) => {
      granted.push(name);
      return release;
    });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { granted, take, settle };
}

test('requests that fit are granted at once, the others in order of arrival', async () => {
  const { granted, take, settle } = startTaking();
  const first = await take('first', 6);
  const second = await take('second', 4);
  const waiting = [take('large', 8), take('small', 1)];
  await settle();
  expect(granted).toEqual(['first', 'second']);
  second();
  await settle();
  // The small one would fit, but does not overtake.
  expect(granted).toEqual(['first', 'second']);
  first();
  await Promise.all(waiting);
  expect(granted).toEqual(['first', 'second', 'large', 'small']);
});

test('a request above the limit waits for the whole budget', async () => {
  const { granted, take, settle } = startTaking();
  const one = await take('one', 1);
  const all = take('all', 1000);
  await settle();
  expect(granted).toEqual(['one']);
  one();
  const release = await all;
  const last = take('last', 10);
  await settle();
  expect(granted).toEqual(['one', 'all']);
  release();
  release();
  await last;
  const refused = take('beyond', 1);
  await settle();
  expect(granted).toEqual(['one', 'all', 'last']);
  (await last)();
  await refused;
});
