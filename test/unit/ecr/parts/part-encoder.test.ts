import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { PartEncoder } from '../../../../src/ecr/parts/part-encoder.ts';
import { makeRandom, makeRandomBytes } from '../../../support/images.ts';

const members = {
  registryId: 'a1b2c3d4',
  repositoryName: 'team/app',
  uploadId: '6b1d0f2c-3f5e-4d69-8f3c-1f2b7d1b9a10',
  partFirstByte: 10_485_760,
  partLastByte: 20_971_519,
};

/** Appends the bytes in chunks of random sizes, the sizes of one seed. */
function fill(encoder: PartEncoder, bytes: Buffer, largest: number, seed: number): void {
  const random = makeRandom(seed);
  for (let start = 0; start < bytes.length; ) {
    const chunk = bytes.subarray(start, start + Math.floor(random() * (largest + 1)));
    expect(encoder.append(chunk)).toBe(chunk.length);
    start += chunk.length;
  }
}

function expectBody(encoder: PartEncoder, part: Buffer): void {
  const { bytes, sha256 } = encoder.finish(members);
  expect(sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
  expect(JSON.parse(bytes.toString('utf8'))).toEqual({ ...members, layerPartBlob: part.toString('base64') });
}

describe('the body of a part', () => {
  // Around the steps in which it is encoded, and every remainder of three.
  const step = 48 * 1024;
  const sizes = [0, 1, 2, 3, 4, 5, 6, 7, step - 1, step, step + 1, 2 * step, 3 * step + 2, 500_003];

  test.each(sizes)('of %i bytes is the JSON that the service model asks for, however they come', (size) => {
    const part = makeRandomBytes(size, size);
    const encoder = new PartEncoder(size);
    for (const largest of [1, 2, 3, 4, 7, 1000, step, step + 1, 200_000]) {
      if (size / largest > 5000) continue;
      fill(encoder, part, largest, largest);
      expect(encoder.size).toBe(size);
      expectBody(encoder, part);
      encoder.clear();
    }
  });

  test.each([0, 1, 2, 3, 1000])('of %i bytes can be ended again, for another upload as well', (size) => {
    const part = makeRandomBytes(size, size);
    const encoder = new PartEncoder(size);
    encoder.append(part);
    const first = Buffer.from(encoder.finish({ ...members, uploadId: 'another' }).bytes);
    expectBody(encoder, part);
    expectBody(encoder, part);
    expect(encoder.finish({ ...members, uploadId: 'another' }).bytes).toEqual(first);
  });

  test('takes as many bytes as fit', () => {
    const bytes = makeRandomBytes('room', 25);
    const encoder = new PartEncoder(10);
    expect(encoder.append(bytes.subarray(0, 4))).toBe(4);
    expect(encoder.append(bytes.subarray(4))).toBe(6);
    expect(encoder.append(bytes.subarray(10))).toBe(0);
    expectBody(encoder, bytes.subarray(0, 10));
  });

  test('leaves out a registry that was not given', () => {
    const { registryId: _registryId, ...own } = members;
    const encoder = new PartEncoder(1);
    encoder.append(Buffer.from('x'));
    expect(JSON.parse(encoder.finish(own).bytes.toString('utf8'))).not.toHaveProperty('registryId');
  });

  test('is the same whatever its buffer held before', () => {
    const first = new PartEncoder(5000);
    first.append(makeRandomBytes(1, 5000));
    const part = makeRandomBytes(2, 3000);
    const second = new PartEncoder(3000, first.buffer);
    expect(second.buffer).toBe(first.buffer);
    second.append(part);
    expectBody(second, part);
    expect(new PartEncoder(6000, first.buffer).buffer).not.toBe(first.buffer);
  });

  test('is refused rather than cut when the names are too long', () => {
    const encoder = new PartEncoder(1);
    expect(() => encoder.finish({ ...members, uploadId: 'x'.repeat(2000) })).toThrow('2000 characters');
  });
});
