import { describe, expect, it } from 'vitest';
import { createOnPush } from '../../../../src/ecr/private/create-on-push.ts';
import { EcrpError } from '../../../../src/errors.ts';
import { digestOf } from '../../../../src/oci/digest.ts';
import { fakeService } from '../../../support/fake-service.ts';
import { makeBlob } from '../../../support/memory-blob.ts';
import { uploadWith } from '../../../support/upload-with.ts';

const { signal } = new AbortController();
const missing = new EcrpError('NOT_FOUND', 'no such repository', {
  hint: 'x',
  awsError: 'RepositoryNotFoundException',
});

/** A service without the repository. `refusal`: InitiateLayerUpload does not create it either. */
function withoutRepository(refusal?: Error) {
  const service = fakeService(4, (truth, { log }) => {
    let exists = false;
    return {
      findAvailable: async (digests, inner) => {
        const available = await truth.findAvailable(digests, inner);
        if (!exists) throw missing;
        return available;
      },
      initiateUpload: async (inner) => {
        if (refusal !== undefined) {
          log.push('refuse');
          throw refusal;
        }
        exists = true;
        return truth.initiateUpload(inner);
      },
    };
  });
  const created: number[] = [];
  return { service, created, push: createOnPush(service, () => created.push(service.log.length)) };
}

describe('a missing repository', () => {
  it('is created by the first upload, which a blob then continues', async () => {
    const { service, created, push } = withoutRepository();
    const bytes = Buffer.from('layer');
    await expect(push.findAvailable([digestOf(bytes)], signal)).resolves.toEqual(new Set());
    expect(created).toHaveLength(1);
    await uploadWith(push, makeBlob(bytes)).done;
    expect(service.log).toEqual(['check 1', 'initiate', 'part 0-4', 'part 4-5', 'complete']);
    expect(service.blobs.get(digestOf(bytes))).toEqual(bytes);
    // The next upload is one of its own.
    await uploadWith(push, makeBlob(Buffer.from('next'))).done;
    expect(service.log.filter((call) => call === 'initiate')).toHaveLength(2);
  });

  it.each([
    ['is not created', missing],
    ['may not be asked for', new EcrpError('AUTH', 'denied', { hint: 'x' })],
  ])('is the error when it %s', async (_, refusal) => {
    const { service, created, push } = withoutRepository(refusal);
    await expect(push.findAvailable([digestOf('a')], signal)).rejects.toBe(missing);
    expect(service.log).toEqual(['check 1', 'refuse']);
    expect(created).toEqual([]);
  });

  it('names the permission that its template takes', async () => {
    const denied = new EcrpError('AUTH', 'not authorized to perform: ecr:CreateRepository', { hint: 'x' });
    await expect(withoutRepository(denied).push.findAvailable([digestOf('a')], signal)).rejects.toBe(denied);
  });

  it('is no error of the service being away', async () => {
    const away = new EcrpError('UNAVAILABLE', 'away', { hint: 'x' });
    await expect(withoutRepository(away).push.findAvailable([digestOf('a')], signal)).rejects.toBe(away);
  });
});

it('does nothing else for other errors and for a repository that is there', async () => {
  const away = new EcrpError('UNAVAILABLE', 'away', { hint: 'x' });
  const service = fakeService(4, () => ({
    findAvailable: async () => {
      throw away;
    },
  }));
  const push = createOnPush(service, () => {
    throw new Error('nothing was created');
  });
  await expect(push.findAvailable([digestOf('a')], signal)).rejects.toBe(away);
  expect(service.log).toEqual([]);
});
