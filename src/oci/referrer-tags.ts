import type { Digest } from './digest.ts';

// Tags that stand for what refers to an image. They belong to the image whose digest they name.

/** The list of an image's referrers, where the registry has no API for them. Source: OCI distribution specification 1.1, "Referrers Tag Schema". */
const FALLBACK_TAG = /^sha256-([a-f0-9]{64})$/;

/** Signatures, attestations or the SBOM of an image. Source: cosign, specs/SIGNATURE_SPEC.md. */
const COSIGN_TAG = /^sha256-([a-f0-9]{64})\.(?:sig|att|sbom)$/;

/** The suffixes of cosign's tags. */
export const COSIGN_SUFFIXES = ['sig', 'att', 'sbom'] as const;

/** The digest of the image whose referrers the tag lists; undefined for other tags. */
export function findListedSubject(tag: string): Digest | undefined {
  return findSubject(FALLBACK_TAG, tag);
}

/** The digest of the image that cosign's tag belongs to; undefined for other tags. */
export function findCosignSubject(tag: string): Digest | undefined {
  return findSubject(COSIGN_TAG, tag);
}

/** The tag of cosign for an image, such as `sha256-….sig`. */
export function nameCosignTag(digest: Digest, suffix: string): string {
  return `${digest.replace(':', '-')}.${suffix}`;
}

function findSubject(pattern: RegExp, tag: string): Digest | undefined {
  const [, hex] = pattern.exec(tag) ?? [];
  return hex === undefined ? undefined : `sha256:${hex}`;
}
