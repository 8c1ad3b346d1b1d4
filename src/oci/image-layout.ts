import { isObject } from '../json.ts';
import type { Digest } from './digest.ts';
import { describeValue, expectString, invalidInput, parseJson } from './json.ts';

// The files of an OCI image layout. Source: OCI image specification, "Image Layout".

export const LAYOUT_FILE = 'oci-layout';
export const INDEX_FILE = 'index.json';
export const MAX_LAYOUT_FILE_BYTES = 64 * 1024;
/** What the layout file of a new layout says. */
export const LAYOUT_VERSION = '{"imageLayoutVersion":"1.0.0"}';

/** The name of an image for containerd, docker and podman: all of it. */
export const IMAGE_NAME = 'io.containerd.image.name';
/** OCI's own, which may be just a tag. */
export const REF_NAME = 'org.opencontainers.image.ref.name';
/** Annotations with the name of an image in `index.json`: the full name, else OCI's. */
export const NAME_ANNOTATIONS = [IMAGE_NAME, REF_NAME];

/** The path of a blob in an OCI image layout. */
export function nameBlob(digest: Digest): string {
  return `blobs/sha256/${digest.slice('sha256:'.length)}`;
}

/** Throws INVALID_INPUT unless the layout file, which has at most `MAX_LAYOUT_FILE_BYTES`, states version 1. */
export function checkLayoutVersion(bytes: Buffer, origin: string): void {
  const subject = `${origin}: ${LAYOUT_FILE}`;
  const layout = parseJson(bytes, subject, MAX_LAYOUT_FILE_BYTES);
  const version = isObject(layout) ? layout.imageLayoutVersion : undefined;
  if (!expectString(version, subject, 'imageLayoutVersion').startsWith('1.')) {
    throw invalidInput(
      subject,
      `imageLayoutVersion is ${describeValue(version)}; only version 1 is supported`,
    );
  }
}
