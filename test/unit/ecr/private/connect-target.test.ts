import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { createPrivateClient } from '../../../../src/ecr/private/client.ts';
import { connectPrivateTarget } from '../../../../src/ecr/private/connect-target.ts';
import type { ImageTarget } from '../../../../src/ends/image-target.ts';
import { digestOf } from '../../../../src/oci/digest.ts';
import { OCI_MANIFEST } from '../../../../src/oci/media-types.ts';
import { catchError } from '../../../support/catch-error.ts';
import { makeException, type PrivateApi, startPrivateApi } from '../../../support/private-api.ts';
import { makeSkippingClock } from '../../../support/skipping-clock.ts';

const { signal } = new AbortController();
const text = `{"schemaVersion":2,"mediaType":"${OCI_MANIFEST}"}`;
const digest = digestOf(Buffer.from(text));
const [stored, archived, missing] = [digestOf('stored'), digestOf('archived'), digestOf('missing')];

const api: PrivateApi = await startPrivateApi();
const client = createPrivateClient({
  endpointUrl: api.url,
  region: 'eu-west-1',
  env: { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' },
  clock: makeSkippingClock(),
});
let target: ImageTarget;
afterAll(() => {
  client.close();
  api.close();
});
beforeEach(() => {
  api.calls.length = 0;
  api.answer = () => undefined;
  api.manifests.clear();
  api.manifests.set('v1', { text, mediaType: OCI_MANIFEST });
  target = connectPrivateTarget(
    { client, address: { registryId: '123456789012', repositoryName: 'app' }, name: 'HOST/app' },
    { mostPartBytes: undefined, retryBudgetMs: undefined, onCreatedByTemplate: undefined },
  );
});

const listCalls = () => api.calls.map(({ operation }) => operation);

test('a layer of an archived image is sent again', async () => {
  api.answer = (operation) =>
    operation === 'BatchCheckLayerAvailability'
      ? {
          body: {
            layers: [
              { layerDigest: stored, layerAvailability: 'AVAILABLE' },
              { layerDigest: archived, layerAvailability: 'ARCHIVED' },
            ],
            failures: [{ layerDigest: missing, failureCode: 'MissingLayerDigest', failureReason: 'gone' }],
          },
        }
      : undefined;
  expect(await target.findAvailable([stored, archived, missing], signal)).toEqual(new Set([stored]));
});

describe('a tag', () => {
  test('is where its manifest says, and that is asked once', async () => {
    const reader = await target.openReader('anonymous', signal);
    expect(await reader?.readManifest('v1', signal)).toMatchObject({ digest });
    expect(await target.glanceAtTag?.('v1', signal)).toBe(digest);
    expect(await target.glanceAtTag?.('v2', signal)).toBeUndefined();
    expect(await target.glanceAtTag?.('v2', signal)).toBeUndefined();
    expect(listCalls()).toEqual(['BatchGetImage', 'BatchGetImage']);
    // Where it must be known, it is asked again.
    expect(await target.locateTag('v1', signal)).toBe(digest);
    expect(listCalls()).toHaveLength(3);
  });

  test('of an archived image exists', async () => {
    api.answer = (operation, { imageIds }) => {
      if (operation === 'DescribeImages') return { body: { imageDetails: [{ imageDigest: archived }] } };
      const failure = {
        imageId: Object(imageIds)[0],
        failureCode: 'ImageInaccessible',
        failureReason: 'archived',
      };
      return { body: { images: [], failures: [failure] } };
    };
    expect(await target.locateTag('v1', signal)).toBe(archived);
    expect(listCalls()).toEqual(['BatchGetImage', 'DescribeImages']);
  });

  test('does not exist in a repository that does not exist', async () => {
    api.answer = () => makeException('RepositoryNotFoundException', 'no such repository');
    expect(await target.locateTag('v1', signal)).toBeUndefined();
  });

  test('that nobody may ask about is unknown, and an error where it must be known', async () => {
    api.answer = () => makeException('AccessDeniedException', 'not authorized to perform: ecr:BatchGetImage');
    expect(await target.glanceAtTag?.('v1', signal)).toBe('unknown');
    expect(await catchError(() => target.locateTag('v1', signal))).toMatchObject({
      code: 'AUTH',
      hint: expect.stringContaining('ecr:BatchGetImage'),
    });
  });
});

test('every call names the registry of the host', async () => {
  await target.locateTag('v1', signal);
  const bytes = Buffer.from(text);
  api.answer = () => ({ body: { image: { registryId: '123456789012', imageId: { imageDigest: digest } } } });
  await target.putManifest({ bytes, mediaType: OCI_MANIFEST, digest, tag: 'v1' }, signal);
  expect(api.calls.map(({ input }) => input.registryId)).toEqual(['123456789012', '123456789012']);
});
