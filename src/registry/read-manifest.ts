import { discardBody } from '../net/send-request.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { MAX_MANIFEST_BYTES } from '../oci/manifest.ts';
import { readBytes } from './read-answer.ts';
import type { RegistryReader } from './registry-reader.ts';

export interface StoredManifest {
  readonly bytes: Buffer;
  /** Of the bytes: the registry tells it with HEAD alone, and could tell anything. */
  readonly digest: Digest;
  /** As the answer says; empty when it does not. */
  readonly mediaType: string;
}

/** Reads a manifest by tag or digest; undefined when there is none. Throws an `Error` that says why not. */
export async function readManifest(
  registry: RegistryReader,
  reference: string,
  signal: AbortSignal,
): Promise<StoredManifest | undefined> {
  const response = await registry.getManifest(reference, signal);
  if (response.status === 404) {
    await discardBody(response);
    return undefined;
  }
  const bytes = await readBytes(response, MAX_MANIFEST_BYTES);
  const mediaType = response.headers['content-type']?.replace(/;.*$/, '').trim() ?? '';
  return { bytes, digest: digestOf(bytes), mediaType };
}
