import { expect, it } from 'vitest';
import { changePolicy } from '../../../../../src/cli/commands/policy/change-policy.ts';
import { listStatements, parsePolicy } from '../../../../../src/policy/policy-text.ts';
import { grantPush, listAwsPrincipals, revokePush } from '../../../../../src/policy/push-grant.ts';

const [mine, theirs] = ['arn:aws:iam::123456789012:root', 'arn:aws:iam::210987654321:root'];

/** A policy in memory. `overwrite` returns the text that another client puts there after ours; undefined for none. */
function keepPolicy(
  policyText: string | undefined,
  overwrite: (puts: number) => string | undefined = () => undefined,
) {
  const describe = (text: string) => ({
    registryId: '123456789012',
    repositoryName: 'app',
    policyText: text,
  });
  let stored = policyText;
  let puts = 0;
  return {
    read: () => stored,
    puts: () => puts,
    get: async () => (stored === undefined ? undefined : describe(stored)),
    set: async (text: string) => {
      puts += 1;
      stored = overwrite(puts) ?? text;
      return describe(text);
    },
    remove: async () => {
      const removed = stored === undefined ? undefined : describe(stored);
      stored = undefined;
      return removed;
    },
  };
}

const grant = (policy: Parameters<typeof grantPush>[0]) => grantPush(policy, [mine]);
const principalsOf = (text = '') =>
  listStatements(parsePolicy(text)).flatMap(({ Principal }) => listAwsPrincipals(Principal));

it('another client that overwrites the change keeps its own, and ours is made again', async () => {
  const other = JSON.stringify(grantPush(undefined, [theirs]));
  const store = keepPolicy(undefined, (puts) => (puts === 1 ? other : undefined));
  const { before, after } = await changePolicy(store, 'app', grant);
  expect(before).toBeUndefined();
  expect(store.puts()).toBe(2);
  expect(principalsOf(after?.policyText)).toEqual([theirs, mine]);
  expect(store.read()).toBe(after?.policyText);
});

it('gives up when others overwrite it again and again', async () => {
  const store = keepPolicy(undefined, () => JSON.stringify(grantPush(undefined, [theirs])));
  await expect(changePolicy(store, 'app', grant)).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining('another client'),
  });
});

it('puts nothing when nothing changes, and deletes a policy whose last statement goes', async () => {
  const store = keepPolicy(JSON.stringify(grantPush(undefined, [mine])));
  const unchanged = await changePolicy(store, 'app', grant);
  expect(unchanged.after).toBe(unchanged.before);
  expect(store.puts()).toBe(0);
  const { after } = await changePolicy(store, 'app', (policy) => revokePush(policy, [mine]));
  expect(after).toBeUndefined();
  expect(store.read()).toBeUndefined();
});

it('does not edit a text that it cannot read', async () => {
  for (const text of ['', 'no JSON', '[]', '{"Statement":1}', `{"Statement":${'['.repeat(200)}`]) {
    const store = keepPolicy(text);
    await expect(changePolicy(store, 'app', grant)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(store.puts()).toBe(0);
  }
});

it('does not send a policy that is too long', async () => {
  const principals = Array.from(
    { length: 200 },
    (_, at) => `arn:aws:iam::123456789012:role/${'x'.repeat(60)}${at}`,
  );
  const store = keepPolicy(JSON.stringify(grantPush(undefined, [theirs])));
  const edit = (policy: Parameters<typeof grantPush>[0]) => grantPush(policy, principals);
  await expect(changePolicy(store, 'app', edit)).rejects.toMatchObject({ code: 'LIMIT' });
  expect(store.puts()).toBe(0);
});
