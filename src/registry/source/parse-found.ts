import type { ReadManifest } from '../../ends/image-target.ts';
import { EcrpError } from '../../errors.ts';
import { type ImageIndex, type ImageManifest, parseManifest } from '../../oci/manifest.ts';

/** Parses a manifest for what it says of others. Undefined if it is malformed: that is an error when it is planned. */
export function parseFound({ bytes, mediaType }: ReadManifest): ImageManifest | ImageIndex | undefined {
  try {
    return parseManifest(bytes, mediaType);
  } catch (error) {
    if (error instanceof EcrpError && error.code === 'INVALID_INPUT') return undefined;
    throw error;
  }
}
