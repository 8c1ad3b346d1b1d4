import { describe, expect, test } from 'vitest';
import { buildPartBody } from '../../../src/ecr/part-body.ts';
import { makeRandomBytes } from '../../support/images.ts';

const members = {
  registryId: 'a1b2c3d4',
  repositoryName: 'team/app',
  uploadId: '6b1d0f2c-3f5e-4d69-8f3c-1f2b7d1b9a10',
  start: 10_485_760,
};

describe('the body of a part', () => {
  // Around the steps in which it is encoded, and every remainder of three.
  const step = 48 * 1024;
  const sizes = [1, 2, 3, 4, 5, step - 1, step, step + 1, 2 * step, 3 * step + 2, 1_000_003];

  test.each(sizes)('of %i bytes is the JSON that the service model asks for', (size) => {
    const part = makeRandomBytes(size, size);
    const body: unknown = JSON.parse(buildPartBody(members, part).toString('utf8'));
    expect(body).toEqual({
      registryId: 'a1b2c3d4',
      repositoryName: 'team/app',
      uploadId: members.uploadId,
      partFirstByte: 10_485_760,
      partLastByte: 10_485_760 + size - 1,
      layerPartBlob: part.toString('base64'),
    });
  });

  test('leaves out a registry that was not given', () => {
    const { registryId: _registryId, ...own } = members;
    const body: unknown = JSON.parse(buildPartBody(own, Buffer.from('x')).toString('utf8'));
    expect(body).not.toHaveProperty('registryId');
  });

  test('fills a spare body that is long enough, with nothing of the old one left', () => {
    const spare = buildPartBody(members, makeRandomBytes(1, 5000));
    const part = makeRandomBytes(2, 3000);
    const fresh = buildPartBody(members, part);
    const body = buildPartBody(members, part, spare);
    expect(body.buffer).toBe(spare.buffer);
    expect(body).toEqual(fresh);
    expect(buildPartBody(members, makeRandomBytes(3, 6000), spare).buffer).not.toBe(spare.buffer);
  });
});
