import { createHmac, timingSafeEqual } from 'node:crypto';
import type { OperationContext } from '../operations/context.ts';
import { type Digest, isDigest } from '../storage/digest.ts';

const VALID_MS = 3_600_000;

/** What a client may download without any credentials. */
export interface Download {
  readonly repositoryName: string;
  readonly digest: Digest;
}

/** The last element of a download's address: valid for an hour, opaque. */
export function signDownload(context: OperationContext, repositoryName: string, digest: Digest): string {
  const claim = `${context.now() + VALID_MS} ${digest} ${repositoryName}`;
  return `${Buffer.from(claim).toString('base64url')}.${sign(context, claim).toString('base64url')}`;
}

/** Undefined for what was not signed here, or is out of date. */
export function readDownload(context: OperationContext, signed: string): Download | undefined {
  const [encoded = '', signature = ''] = signed.split('.', 2);
  const claim = Buffer.from(encoded, 'base64url').toString();
  const given = Buffer.from(signature, 'base64url');
  const expected = sign(context, claim);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  const [expiry, digest, repositoryName = ''] = claim.split(' ', 3);
  return isDigest(digest) && context.now() < Number(expiry) ? { digest, repositoryName } : undefined;
}

function sign({ identity }: OperationContext, claim: string): Buffer {
  const { tokenKey, registryId } = identity;
  return createHmac('sha256', tokenKey).update(`download ${registryId} ${claim}`).digest();
}
