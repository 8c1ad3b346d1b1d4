import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import type { Waiting } from '../../../src/cli/progress/waiting.ts';
import type { RegistryFinder } from '../../../src/cli/push/registry-finder.ts';
import { makeTagLookup } from '../../../src/cli/push/tag-lookup.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { directConnections } from '../../support/connections.ts';

const { signal } = new AbortController();
const digest = digestOf('image');
const tags = Array.from({ length: 12 }, (_, index) => `t${index}`);
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

/** A lookup at a registry that answers as `listener` does, and what it said to wait for. */
async function lookUpAt(listener: RequestListener, retryBudget?: number) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
  // Listening on TCP.
  const registryHost = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const waits: string[] = [];
  const during: Waiting['during'] = (what, run) => {
    waits.push(what);
    return run();
  };
  // as: of both, the lookup needs nothing else.
  const finder = {
    connections: directConnections,
    findAlias: async () => 'a1b2c3d4',
  } as unknown as RegistryFinder;
  const waiting = { during } as unknown as Waiting;
  const options = {
    progress: 'none',
    color: false,
    ...(retryBudget !== undefined && { retryBudget }),
  } as const;
  const lookUp = makeTagLookup({ waiting, options }, finder, { registryHost, repositoryName: 'app' });
  return { lookUp, waits, registryHost };
}

it('asks about four tags at a time, and says what it waits for', async () => {
  const pending: ServerResponse[] = [];
  let most = 0;
  const answerAll = (): void => {
    most = Math.max(most, pending.length);
    for (const response of pending.splice(0)) {
      response.writeHead(200, { 'docker-content-digest': digest }).end();
    }
  };
  const { lookUp, waits, registryHost } = await lookUpAt((_request, response) => {
    pending.push(response);
    if (pending.length === 4) answerAll();
  });
  const found = await Promise.all(tags.map((tag) => lookUp(tag, signal)));
  expect(found).toEqual(tags.map(() => digest));
  expect(most).toBe(4);
  expect(waits).toContain(`${registryHost} (where the tag t0 is)`);
});

it('asks no more when one answer tells nothing', async () => {
  let requests = 0;
  const { lookUp } = await lookUpAt((_request, response) => {
    requests += 1;
    response.writeHead(500).end();
  });
  const found = await Promise.all(tags.map((tag) => lookUp(tag, signal)));
  expect(found).toEqual(tags.map(() => 'unknown'));
  expect(requests).toBeLessThanOrEqual(4);
});

it('waits for no longer than the budget, where that is short', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  cleanups.push(() => vi.useRealTimers());
  const { lookUp } = await lookUpAt((request) => void request.resume(), 200);
  const found = lookUp('t0', signal);
  await vi.advanceTimersByTimeAsync(200);
  expect(await found).toBe('unknown');
});
