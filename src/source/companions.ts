import type { Digest } from '../oci/digest.ts';
import type { Companion, ManifestImage } from './image-source.ts';

/** The tag under which cosign stores what is about an image. Source: cosign, specs/SIGNATURE_SPEC.md. */
const COSIGN_TAG = /^sha256-([a-f0-9]{64})\.(?:sig|att|sbom)$/;

/** What `cosign save` says of an entry of `index.json`. Source: cosign, pkg/oci/layout/write.go. */
const KIND = 'kind';
const KIND_PREFIX = 'dev.cosignproject.cosign/';
const SUFFIXES: ReadonlyMap<string, string> = new Map([
  [`${KIND_PREFIX}sigs`, 'sig'],
  [`${KIND_PREFIX}atts`, 'att'],
]);
const IMAGE_KINDS = new Set([`${KIND_PREFIX}image`, `${KIND_PREFIX}imageIndex`]);

export interface FoundCompanion extends Companion {
  /** The image that it goes with. */
  readonly of: Digest;
}

/**
 * Finds the signatures and attestations of cosign in a layout, by the digests of their manifests: those that `cosign save` has
 * marked, and those that have cosign's tag for an image. `below` has the digests of all manifests of the layout.
 */
export function findCompanions(
  images: readonly ManifestImage[],
  below: ReadonlySet<Digest>,
): ReadonlyMap<Digest, FoundCompanion> {
  const found = new Map<Digest, FoundCompanion>();
  const saved = images.filter(({ root }) => IMAGE_KINDS.has(root.annotations?.[KIND] ?? ''));
  const [only, ...others] = saved;
  for (const { root, names } of images) {
    const suffix = SUFFIXES.get(root.annotations?.[KIND] ?? '');
    if (suffix !== undefined && only !== undefined && others.length === 0) {
      const of = only.root.digest;
      found.set(root.digest, { of, root, imageTag: `${of.replace(':', '-')}.${suffix}` });
    }
    for (const name of names) {
      const of: Digest = `sha256:${COSIGN_TAG.exec(name)?.[1]}`;
      if (below.has(of)) found.set(root.digest, { of, root, imageTag: name });
    }
  }
  return found;
}
