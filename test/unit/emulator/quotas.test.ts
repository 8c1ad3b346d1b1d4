import { afterEach, expect, test, vi } from 'vitest';
import { Quotas } from '../../../src/emulator/quotas.ts';
import { callApi } from '../../support/call-api.ts';
import { startTestEmulator } from '../../support/emulator.ts';
import { sendSigned } from '../../support/signed-request.ts';

afterEach(() => {
  vi.useRealTimers();
});

/** The number of requests out of `count` that pass. */
function countTaken(quotas: Quotas, kind: string, count: number, account = '123456789012'): number {
  let taken = 0;
  for (let request = 0; request < count; request += 1) {
    try {
      quotas.take(kind, account);
      taken += 1;
    } catch (error) {
      expect(error).toMatchObject({ exception: 'ThrottlingException', message: 'Rate exceeded' });
    }
  }
  return taken;
}

test('a second allows as many requests as the rate, at once or spread', () => {
  let now = 1000;
  const quotas = new Quotas({ PutImage: 10, pull: 1 }, () => now);
  expect(countTaken(quotas, 'PutImage', 50)).toBe(10);
  expect(countTaken(quotas, 'pull', 5)).toBe(1);
  now += 500;
  expect(countTaken(quotas, 'PutImage', 50)).toBe(5);
  expect(countTaken(quotas, 'pull', 5)).toBe(0);
  now += 60_000;
  expect(countTaken(quotas, 'PutImage', 50)).toBe(10);
  // Setting the clock back neither adds nor removes requests.
  now -= 120_000;
  expect(countTaken(quotas, 'PutImage', 50)).toBe(0);
});

test('each account has its own quota', () => {
  const quotas = new Quotas({ PutImage: 10 }, () => 0);
  expect(countTaken(quotas, 'PutImage', 50, '111111111111')).toBe(10);
  expect(countTaken(quotas, 'PutImage', 50, '222222222222')).toBe(10);
  expect(countTaken(quotas, 'PutImage', 50, '111111111111')).toBe(0);
});

test('a kind without a quota is not limited', () => {
  const quotas = new Quotas({ PutImage: 10 }, () => 0);
  expect(countTaken(quotas, 'DescribeImages', 1000)).toBe(1000);
  expect(countTaken(quotas, 'constructor', 1000)).toBe(1000);
});

test('real quotas are the service’s, for /v2/ as well; off has none', async () => {
  // On a slow machine the requests would take longer than the quota's second.
  vi.useFakeTimers({ toFake: ['Date'] });
  const repositoryName = 'team/app';
  const send = async (quotas: 'real' | 'off') => {
    const emulator = await startTestEmulator({ quotas });
    await callApi(emulator, 'CreateRepository', { repositoryName });
    const path = `/v2/${emulator.registryAlias}/${repositoryName}/blobs/uploads/`;
    const { authorizationData } = await callApi(emulator, 'GetAuthorizationToken');
    const headers = { authorization: `Bearer ${authorizationData?.authorizationToken}` };
    const statuses: number[] = [];
    for (let request = 0; request < 20; request += 1) {
      const { status } = await fetch(`${emulator.url}${path}`, { method: 'POST', headers });
      statuses.push(status);
    }
    const initiate = () =>
      sendSigned(emulator, { operation: 'InitiateLayerUpload', body: JSON.stringify({ repositoryName }) });
    const answers = await Promise.all(Array.from({ length: 20 }, initiate));
    const errors = answers.flatMap(({ status, text }) => (status === 200 ? [] : [text]));
    await emulator.close();
    return { statuses: [...new Set(statuses)].sort(), errors: [...new Set(errors)] };
  };
  expect(await send('off')).toEqual({ statuses: [202], errors: [] });
  expect(await send('real')).toEqual({
    statuses: [202, 429],
    errors: [JSON.stringify({ __type: 'ThrottlingException', message: 'Rate exceeded' })],
  });
});
