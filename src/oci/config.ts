import type { Platform } from './descriptor.ts';
import { type Digest, digestOf } from './digest.ts';
import { expectArray, expectObject, invalidInput, nameSubject, parseJson } from './json.ts';
import { expectDigest, MAX_ITEMS, parsePlatformObject } from './parse-descriptor.ts';

/** Longest image config in bytes taken; the largest of real images (long histories, many labels) are below 1 MiB. */
export const MAX_CONFIG_BYTES = 8 * 1024 * 1024;

/** What is needed of an image config; the rest is passed on as bytes. */
export interface ImageConfig {
  readonly platform: Platform;
  /** Digests of the uncompressed layers, lowest first. */
  readonly diffIds: readonly Digest[];
}

/**
 * Reads an image config. Throws INVALID_INPUT naming its digest and the member that is wrong; `origin` is named in the
 * message, e.g. the path of the archive.
 */
export function parseConfig(bytes: Buffer, origin?: string): ImageConfig {
  const subject = nameSubject(`image config ${digestOf(bytes)}`, origin);
  const object = expectObject(parseJson(bytes, subject, MAX_CONFIG_BYTES), subject, 'the document');
  const rootfs = expectObject(object.rootfs, subject, 'rootfs');
  if (rootfs.type !== 'layers') throw invalidInput(subject, 'rootfs.type is not "layers"');
  // Go writes an image without layers with `null`.
  const diffIds =
    rootfs.diff_ids === null ? [] : expectArray(rootfs.diff_ids, subject, 'rootfs.diff_ids', MAX_ITEMS);
  return {
    platform: parsePlatformObject(object, subject),
    diffIds: diffIds.map((diffId, position) => expectDigest(diffId, subject, `rootfs.diff_ids[${position}]`)),
  };
}
