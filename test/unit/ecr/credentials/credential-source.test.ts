import { expect, test } from 'vitest';
import { keepCredentials } from '../../../../src/ecr/credentials/credential-source.ts';
import type { Identity } from '../../../../src/ecr/credentials/source.ts';

const never = new AbortController().signal;
const MINUTE = 60_000;

/** A source that gives keys for an hour of the test's clock, or fails when `fails` is set. */
function makeSource() {
  const state = { nowMs: 0, fails: false, asked: 0 };
  const find = async (): Promise<Identity> => {
    state.asked += 1;
    if (state.fails) throw new Error('out of order');
    const expiration = new Date(state.nowMs + 60 * MINUTE);
    const credentials = { accessKeyId: `AK${state.asked}`, secretAccessKey: 's', expiration };
    return { credentials, source: { kind: 'instance', description: 'the role of the instance' } };
  };
  const source = keepCredentials(find, { isRefreshable: true, now: () => state.nowMs });
  const provide = async () => (await source.provide(never)).credentials.accessKeyId;
  return { state, source, provide };
}

test('credentials are kept until shortly before their end, and renewed behind the scenes', async () => {
  const { state, provide } = makeSource();
  expect(await provide()).toBe('AK1');
  state.nowMs = 54 * MINUTE;
  expect(await provide()).toBe('AK1');
  state.nowMs = 56 * MINUTE;
  expect(await provide()).toBe('AK1');
  await expect.poll(provide).toBe('AK2');
  expect(state.asked).toBe(2);
});

test('a renewal that fails is no error as long as the credentials last', async () => {
  const { state, provide } = makeSource();
  await provide();
  state.fails = true;
  state.nowMs = 56 * MINUTE;
  for (let call = 0; call < 5; call += 1) expect(await provide()).toBe('AK1');
  expect(state.asked).toBe(2);
  state.nowMs = 58 * MINUTE;
  state.fails = false;
  await provide();
  await expect.poll(provide).toBe('AK3');
});

test('credentials that have ended and cannot be renewed are an error, each time the same', async () => {
  const { state, provide } = makeSource();
  await provide();
  state.fails = true;
  state.nowMs = 61 * MINUTE;
  await expect(provide()).rejects.toThrow('out of order');
  await expect(provide()).rejects.toThrow('out of order');
  expect(state.asked).toBe(2);
});

test('one who does not wait any more does not end the question of the others', async () => {
  let give: (identity: Identity) => void = () => undefined;
  const source = keepCredentials(
    () =>
      new Promise((resolve) => {
        give = resolve;
      }),
    { isRefreshable: true },
  );
  const impatient = new AbortController();
  const left = source.provide(impatient.signal);
  const stays = source.provide(never);
  impatient.abort(new Error('no more'));
  await expect(left).rejects.toThrow('no more');
  give({
    credentials: { accessKeyId: 'AK', secretAccessKey: 's' },
    source: { kind: 'environment', description: 'x' },
  });
  expect((await stays).credentials.accessKeyId).toBe('AK');
});
