import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import type { EcrClient } from '../../../../src/ecr/client.ts';
import { glanceAtTags, type WatchWait } from '../../../../src/ecr/target/find-tags.ts';
import { digestOf } from '../../../../src/oci/digest.ts';
import { directConnections } from '../../../support/connections.ts';

const { signal } = new AbortController();
const digest = digestOf('image');
const tags = Array.from({ length: 12 }, (_, index) => `t${index}`);
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

/** A lookup at a registry that answers as `listener` does, and what it said to wait for. */
async function lookUpAt(listener: RequestListener, findAlias = async (): Promise<string> => 'a1b2c3d4') {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
  // Listening on TCP.
  const registryHost = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const waits: string[] = [];
  const watchWait: WatchWait = (what, work) => {
    waits.push(what);
    return work();
  };
  const place = {
    registryHost,
    repositoryName: 'app',
    readsRegistry: true,
    findAlias,
    findAddress: async () => undefined,
  };
  // as: of the client, looking needs nothing else.
  const client = { connections: directConnections } as unknown as EcrClient;
  const lookUp = glanceAtTags(client, place, { retryBudgetMs: undefined, watchWait });
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

it('asks no more after one answer without the digest', async () => {
  let requests = 0;
  const { lookUp } = await lookUpAt((_request, response) => {
    requests += 1;
    response.writeHead(500).end();
  });
  const found = await Promise.all(tags.map((tag) => lookUp(tag, signal)));
  expect(found).toEqual(tags.map(() => 'unknown'));
  expect(requests).toBeLessThanOrEqual(4);
});

it('does not say that it waits for the registry while it waits for the alias', async () => {
  let shownMeanwhile: readonly string[] | undefined;
  const { lookUp, waits, registryHost } = await lookUpAt(
    (_request, response) => response.writeHead(200, { 'docker-content-digest': digest }).end(),
    async () => {
      shownMeanwhile = [...waits];
      return 'a1b2c3d4';
    },
  );
  expect(await lookUp('t0', signal)).toBe(digest);
  expect(shownMeanwhile).toEqual([]);
  expect(waits).toEqual([`${registryHost} (where the tag t0 is)`]);
});
