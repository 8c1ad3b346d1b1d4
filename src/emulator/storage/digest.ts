import { createHash } from 'node:crypto';

/** A content address; sha256 only, as in ECR. */
export type Digest = `sha256:${string}`;

const pattern = /^sha256:[a-f0-9]{64}$/;

export function isDigest(value: unknown): value is Digest {
  return typeof value === 'string' && pattern.test(value);
}

/** Digest of the bytes given; a string counts as its UTF-8 bytes. */
export function digestOf(bytes: Uint8Array | string): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
