import type { Digest } from '../oci/digest.ts';

/** OCI layouts, also those in `docker save` of Docker 25 and later. */
const BLOB = /^blobs\/sha256\/([a-f0-9]{64})$/;
/** skopeo and podman name plain layers by their diff ID; crane, kaniko and jib name gzipped ones by their digest. */
const FLAT = /^([a-f0-9]{64})\.tar(\.gz|\.zst)?$/;
/** `docker save` of Docker 24 and before, and nix: the folder's name says nothing about the bytes. */
const LEGACY = /(?:^|\/)layer\.tar$/;

export interface LayerName {
  /** Digest that the name states for the bytes of the entry. Only the bytes can prove it. */
  readonly named: Digest | undefined;
  readonly place: 'blob' | 'docker-archive';
}

/** Reads a name that writers of image archives give to layers. Undefined for any other name. */
export function readLayerName(name: string, isCompressed: boolean): LayerName | undefined {
  const blob = BLOB.exec(name)?.[1];
  if (blob !== undefined) return { named: `sha256:${blob}`, place: 'blob' };
  const [, flat, suffix] = FLAT.exec(name) ?? [];
  if (flat !== undefined) {
    // A compressed layer with the name of an uncompressed one may be named by its diff ID or by its digest.
    const named: Digest | undefined = isCompressed === (suffix !== undefined) ? `sha256:${flat}` : undefined;
    return { named, place: 'docker-archive' };
  }
  return LEGACY.test(name) ? { named: undefined, place: 'docker-archive' } : undefined;
}
