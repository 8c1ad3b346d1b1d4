import { isObject } from '../json.ts';
import { expectDigest } from './descriptor.ts';
import { type Digest, digestOf } from './digest.ts';
import { expectArray, expectObject, invalidInput, MAX_ITEMS, nameSubject, parseJson } from './json.ts';
import type { ImageManifest } from './manifest.ts';
import { DOCKER_CONFIG, OCI_CONFIG } from './media-types.ts';
import { type Platform, parsePlatformObject } from './platform.ts';

/** Longest image config accepted, in bytes. The largest real ones (long histories, many labels) stay below 1 MiB. */
export const MAX_CONFIG_BYTES = 8 * 1024 * 1024;

/** The members of an image config that ecrp uses. The config itself is passed on as bytes. */
export interface ImageConfig {
  readonly platform: Platform;
  /** Digests of the uncompressed layers, lowest first. */
  readonly diffIds: readonly Digest[];
}

/**
 * Parses an image config. Throws INVALID_INPUT that names its digest and the wrong member.
 * @param origin Named in the message, e.g. the path of the archive.
 */
export function parseConfig(bytes: Buffer, origin?: string): ImageConfig {
  const subject = nameSubject(`image config ${digestOf(bytes)}`, origin);
  const object = expectObject(parseJson(bytes, subject, MAX_CONFIG_BYTES), subject, 'the document');
  const rootfs = expectObject(object.rootfs, subject, 'rootfs');
  if (rootfs.type !== 'layers') throw invalidInput(subject, 'rootfs.type is not "layers"');
  // Go writes `null` for an empty list.
  const diffIds =
    rootfs.diff_ids === null ? [] : expectArray(rootfs.diff_ids, subject, 'rootfs.diff_ids', MAX_ITEMS);
  return {
    platform: parsePlatformObject(object, subject),
    diffIds: diffIds.map((diffId, position) => expectDigest(diffId, subject, `rootfs.diff_ids[${position}]`)),
  };
}

/** Media types of image layers with any compression. Artifacts may have other layers under the config of an image. */
const IMAGE_LAYER = /^application\/vnd\.(oci\.image\.layer|docker\.image\.rootfs)\./;

export function isImageConfig(mediaType: string): boolean {
  return mediaType === OCI_CONFIG || mediaType === DOCKER_CONFIG;
}

/**
 * Finds the number of layers that a config lists when the manifest lists another number: such an image is incomplete.
 * Undefined if both agree, and if the config is not that of an image or lists no layers.
 */
export function findOtherLayerCount({ config, layers }: ImageManifest, bytes: Buffer): number | undefined {
  if (!isImageConfig(config.mediaType)) return undefined;
  const diffIds = countDiffIds(bytes, config.digest);
  if (diffIds === undefined || diffIds === layers.length) return undefined;
  const isArtifact = diffIds === 0 && !layers.some(({ mediaType }) => IMAGE_LAYER.test(mediaType));
  return isArtifact ? undefined : diffIds;
}

/** Undefined without `rootfs`, as in configs of artifacts. */
function countDiffIds(bytes: Buffer, subject: string): number | undefined {
  let config: unknown;
  try {
    config = parseJson(bytes, subject, MAX_CONFIG_BYTES);
  } catch {
    return undefined;
  }
  if (!isObject(config) || !isObject(config.rootfs)) return undefined;
  // Go writes `null` for an empty list.
  const diffIds = config.rootfs.diff_ids ?? [];
  return Array.isArray(diffIds) ? diffIds.length : undefined;
}
