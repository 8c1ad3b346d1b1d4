import type { Digest } from '../oci/digest.ts';
import type { ArrivingLayer } from './layer-intake.ts';
import { detectFileType } from './packing.ts';
import type { TarEntry } from './tar-entries.ts';
import { BLOCK_BYTES, isTarHeader } from './tar-header.ts';

/** How many first bytes `recognizeLayer` looks at. */
export const LAYER_START_BYTES = BLOCK_BYTES;

/** OCI layouts, those in `docker save` since Docker 25 included. */
const BLOB = /^blobs\/sha256\/([a-f0-9]{64})$/;
/** skopeo and podman name plain layers by their diff ID; crane, kaniko and jib name gzipped ones by their digest. */
const FLAT = /^([a-f0-9]{64})\.tar(\.gz|\.zst)?$/;
/** `docker save` until Docker 24, and nix: the folder's name says nothing of the bytes. */
const LEGACY = /(?:^|\/)layer\.tar$/;

/**
 * Tells whether an entry is a layer before anything has been read that says so: it must have the name that a writer of
 * image archives gives to layers, and begin like a tar, gzip or zstd. Undefined in doubt.
 */
export function recognizeLayer(
  { name, size }: Pick<TarEntry, 'name' | 'size'>,
  start: Buffer,
): ArrivingLayer | undefined {
  const type = detectFileType(start);
  const isPacked = type === 'gzip' || type === 'zstd';
  if (!isPacked && !isTarHeader(start)) return undefined;
  const packing = isPacked ? type : 'none';
  const blob = BLOB.exec(name)?.[1];
  if (blob !== undefined) return { name, size, packing, named: toDigest(blob), place: 'blob' };
  const [, flat, suffix] = FLAT.exec(name) ?? [];
  if (flat !== undefined) {
    // Whether a packed layer under a plain one's name is named by what it unpacks to, the name does not say.
    const named = isPacked === (suffix !== undefined) ? toDigest(flat) : undefined;
    return { name, size, packing, named, place: 'docker-archive' };
  }
  return LEGACY.test(name) ? { name, size, packing, named: undefined, place: 'docker-archive' } : undefined;
}

function toDigest(hex: string): Digest {
  return `sha256:${hex}`;
}
