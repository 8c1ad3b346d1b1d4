// `oci/` is the pure image model: digests, descriptors, manifests, configs, platforms, references. It does no input or output.

import { createHash } from 'node:crypto';

/** Content address. ECR documents sha256 only. */
export type Digest = `sha256:${string}`;

const pattern = /^sha256:[a-f0-9]{64}$/;

export function isDigest(value: unknown): value is Digest {
  return typeof value === 'string' && pattern.test(value);
}

/** Computes the digest of the bytes. */
export function digestOf(bytes: Uint8Array | string): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
