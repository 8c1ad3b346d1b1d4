import { createHmac, timingSafeEqual } from 'node:crypto';
import type { EmulatorContext } from '../operations/context.ts';
import { type BlobDigest, isBlobDigest } from '../storage/model.ts';

const VALID_MS = 3_600_000;

/** What a client may download without any credentials. */
export interface Download {
  readonly registryId: string;
  readonly repositoryName: string;
  readonly digest: BlobDigest;
}

/** The last element of a download's address: valid for an hour, opaque. */
export function signDownload(context: EmulatorContext, download: Download): string {
  const { registryId, repositoryName, digest } = download;
  const claim = `${context.now() + VALID_MS} ${digest} ${registryId} ${repositoryName}`;
  return `${Buffer.from(claim).toString('base64url')}.${sign(context, claim).toString('base64url')}`;
}

/** Undefined for what was not signed here, or is out of date. */
export function readDownload(context: EmulatorContext, signed: string): Download | undefined {
  const [encoded = '', signature = ''] = signed.split('.', 2);
  const claim = Buffer.from(encoded, 'base64url').toString();
  const given = Buffer.from(signature, 'base64url');
  const expected = sign(context, claim);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  const [expiry, digest, registryId = '', repositoryName = ''] = claim.split(' ', 4);
  if (!isBlobDigest(digest) || !(context.now() < Number(expiry))) return undefined;
  return { registryId, repositoryName, digest };
}

function sign({ tokens }: EmulatorContext, claim: string): Buffer {
  return createHmac('sha256', tokens.tokenKey).update(`download ${claim}`).digest();
}
