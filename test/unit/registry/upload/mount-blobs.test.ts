import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { OutgoingBlob } from '../../../../src/ends/blob.ts';
import type { BlobUpload, ImageTarget, PutAnswer } from '../../../../src/ends/image-target.ts';
import { RetryBudget } from '../../../../src/net/retry-budget.ts';
import { digestOf } from '../../../../src/oci/digest.ts';
import { OCI_MANIFEST } from '../../../../src/oci/media-types.ts';
import { mountBlobs } from '../../../../src/registry/upload/mount-blobs.ts';
import { UploadChannel } from '../../../../src/registry/upload/upload-channel.ts';
import { directConnections } from '../../../support/connections.ts';

const MIB = 1024 * 1024;
const upload: BlobUpload = {
  saved: { found: undefined, save: () => undefined, discard: () => undefined },
  onEvent: () => undefined,
};
const manifest = { bytes: Buffer.from('{}'), mediaType: OCI_MANIFEST, digest: digestOf('{}') };

let answer: (request: IncomingMessage, response: ServerResponse) => void;
let authorize: () => Promise<string>;
let target: ImageTarget;
let put: PutAnswer;
/** `METHOD PATH?QUERY AUTHORIZATION` of requests to the registry. */
const asked: string[] = [];
const uploaded: string[] = [];
let mounted = 0;
const cleanups: (() => void)[] = [];

beforeEach(async () => {
  asked.length = 0;
  uploaded.length = 0;
  mounted = 0;
  put = { kind: 'put', registryId: undefined };
  answer = (_, response) => void response.writeHead(201).end();
  authorize = async () => 'Basic token';
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
  const channel = new UploadChannel({
    connections: directConnections,
    // Listening on TCP.
    registryHost: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    repositoryPath: 'team/to',
    authorize: () => authorize(),
    budget: new RetryBudget(),
    onEvent: () => undefined,
  });
  const plain: ImageTarget = {
    limits: { service: 'a registry' },
    findAvailable: async () => new Set(),
    async uploadBlob(blob) {
      uploaded.push(blob.id);
      return { outcome: 'uploaded', content: { digest: blob.id, size: 1 }, resumedBytes: 0 };
    },
    putManifest: async () => put,
    locateTag: async () => undefined,
    openReader: async () => undefined,
  };
  target = mountBlobs(plain, {
    channel,
    from: 'team/from',
    onMounted: () => {
      mounted += 1;
    },
  });
});
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

function makeBlob(name: string, size = MIB): OutgoingBlob {
  const digest = digestOf(name);
  const open = () => {
    throw new Error('a blob that is mounted is not read');
  };
  return { kind: 'known', id: digest, role: 'layer', content: { digest, size }, open };
}
const { signal } = new AbortController();
const send = (blob: OutgoingBlob, inner = signal) => target.uploadBlob(blob, upload, inner);

test('a blob is mounted in place of being sent, and then smaller ones too', async () => {
  const [large, small] = [makeBlob('large'), makeBlob('small', 10)];
  const existing = { outcome: 'existing', content: { digest: large.id, size: MIB }, resumedBytes: 0 };
  expect(await send(large)).toEqual(existing);
  expect(await send(small)).toMatchObject({ outcome: 'existing' });
  expect(uploaded).toEqual([]);
  expect(mounted).toBe(1);
  const from = encodeURIComponent('team/from');
  expect(asked).toEqual(
    [large, small].map(
      ({ id }) => `POST /v2/team/to/blobs/uploads/?mount=${encodeURIComponent(id)}&from=${from} Basic token`,
    ),
  );
});

test('small blobs alone are sent, as quickly as one would find out', async () => {
  await send(makeBlob('one', 10));
  await send(makeBlob('two', 10));
  expect(asked).toEqual([]);
  expect(uploaded).toHaveLength(2);
});

test.each([
  ['with 202', (response: ServerResponse) => response.writeHead(202).end()],
  ['with 403', (response: ServerResponse) => response.writeHead(403).end('{}')],
  ['with 500', (response: ServerResponse) => response.writeHead(500).end()],
  ['with a broken connection', (response: ServerResponse) => response.destroy()],
])('a registry that answers %s is asked once, whatever is sent at the same time', async (_, refuse) => {
  answer = (__, response) => void refuse(response);
  const blobs = ['one', 'two', 'three'].map((name) => makeBlob(name));
  await Promise.all(blobs.map((blob) => send(blob)));
  await send(makeBlob('four'));
  expect(asked).toHaveLength(1);
  expect(uploaded).toHaveLength(4);
  expect(mounted).toBe(0);
});

test('without a token, everything is sent', async () => {
  authorize = async () => {
    throw new Error('not allowed');
  };
  await send(makeBlob('one'));
  await send(makeBlob('two'));
  expect(uploaded).toHaveLength(2);
});

test('a blob that the registry does not mount after all is sent, and so are the others', async () => {
  await send(makeBlob('one'));
  answer = (_, response) => void response.writeHead(202).end();
  await send(makeBlob('two'));
  await send(makeBlob('three'));
  expect(asked).toHaveLength(2);
  expect(uploaded).toEqual([digestOf('two'), digestOf('three')]);
});

test('when the service misses something, it is sent', async () => {
  await send(makeBlob('one'));
  put = { kind: 'missing', detail: 'a layer' };
  await target.putManifest(manifest, signal);
  await send(makeBlob('one'));
  expect(uploaded).toEqual([digestOf('one')]);
});

test('an interruption is its own error', async () => {
  const interruption = new AbortController();
  answer = () => interruption.abort(new Error('interrupted'));
  await expect(send(makeBlob('one'), interruption.signal)).rejects.toThrow('interrupted');
  expect(uploaded).toEqual([]);
});
