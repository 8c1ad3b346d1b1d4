import {
  BatchCheckLayerAvailabilityCommand,
  ECRPUBLICClient,
  UploadLayerPartCommand,
} from '@aws-sdk/client-ecr-public';
import { type HttpHandler, HttpResponse } from '@smithy/core/protocols';
import { expect, it, vi } from 'vitest';
import { changeRequest, shareMiddleware } from '../../../src/ecr/shared-middleware.ts';

type Request = Parameters<HttpHandler['handle']>[0];

/** A client, and the requests that it made with the signal of each. */
function makeClient() {
  const sent: { readonly request: Request; readonly signal: unknown }[] = [];
  const handler: HttpHandler = {
    handle: async (request, options) => {
      sent.push({ request, signal: options?.abortSignal });
      return { response: new HttpResponse({ statusCode: 200, headers: {}, body: Buffer.from('{}') }) };
    },
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
  };
  const sdk = new ECRPUBLICClient({
    region: 'us-east-1',
    endpoint: 'http://127.0.0.1:1',
    credentials: { accessKeyId: 'AKID', secretAccessKey: 'secret' },
    cacheMiddleware: true,
    requestHandler: handler,
  });
  shareMiddleware(sdk, handler);
  return { sdk, sent };
}

const makePart = () =>
  new UploadLayerPartCommand({
    repositoryName: 'app',
    uploadId: 'u-1',
    partFirstByte: 0,
    partLastByte: 0,
    layerPartBlob: new Uint8Array(),
  });

it('overlapping attempts with one input have a signal each', async () => {
  const { sdk, sent } = makeClient();
  const input = { repositoryName: 'app', layerDigests: ['sha256:1'] };
  const signals = [new AbortController().signal, new AbortController().signal];
  await Promise.all(
    signals.map((abortSignal) => sdk.send(new BatchCheckLayerAvailabilityCommand(input), { abortSignal })),
  );
  expect(sent[0]?.signal).toBe(signals[0]);
  expect(sent[1]?.signal).toBe(signals[1]);
});

it('a change reaches the request of its own command, before the signature', async () => {
  const { sdk, sent } = makeClient();
  const abortSignal = new AbortController().signal;
  const hashes = ['a'.repeat(64), 'b'.repeat(64)];
  for (const hash of [...hashes, undefined]) {
    const command = makePart();
    if (hash !== undefined)
      changeRequest(command, ({ headers }) => {
        headers['x-amz-content-sha256'] = hash;
      });
    await sdk.send(command, { abortSignal });
  }
  const headers = sent.map(({ request }) => request.headers);
  expect(headers.map((each) => each['x-amz-content-sha256'])).toEqual([
    ...hashes,
    expect.stringMatching(/^[0-9a-f]{64}$/),
  ]);
  const signatures = headers.map((each) => /Signature=(\w+)/.exec(each.authorization ?? '')?.[1]);
  expect(signatures).not.toContain(undefined);
  expect(new Set(signatures).size).toBe(3);
});

it('middleware is put together once for each operation', async () => {
  const { sdk } = makeClient();
  const concat = vi.spyOn(sdk.middlewareStack, 'concat');
  const abortSignal = new AbortController().signal;
  const check = () =>
    sdk.send(new BatchCheckLayerAvailabilityCommand({ repositoryName: 'app', layerDigests: [] }), {
      abortSignal,
    });
  await check();
  await check();
  expect(concat).toHaveBeenCalledTimes(1);
  await sdk.send(makePart(), { abortSignal });
  await check();
  expect(concat).toHaveBeenCalledTimes(2);
});
