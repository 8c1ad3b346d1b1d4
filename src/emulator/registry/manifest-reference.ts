import { CHOICES } from '../choices.ts';
import { type BlobDigest, isBlobDigest, type StoredRepository } from '../storage/model.ts';
import { manifestUnknown, RegistryError } from './registry-error.ts';
import type { RegistryRules } from './rules.ts';

/** The reference of a manifest in a path. */
export type ManifestReference = { readonly digest: BlobDigest } | { readonly tag: string };

/** Any digest; source: OCI distribution specification, "Digests". */
const digestForm = /^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/;
/** Digests of the algorithms that the specification registers. */
const registeredForm = /^sha(?:256:[a-f0-9]{64}|512:[a-f0-9]{128})$/;

/** Whether a text is a digest of any algorithm. The emulator stores sha256 only, as ECR does. */
export function isAnyDigest(text: string): boolean {
  return digestForm.test(text) && (!/^sha(?:256|512):/.test(text) || registeredForm.test(text));
}

/** Reads the reference of a PUT. Throws DIGEST_INVALID for a digest other than sha256, TAG_INVALID for a malformed tag. */
export function readReference(reference: string, rules: RegistryRules): ManifestReference {
  if (isBlobDigest(reference)) return { digest: reference };
  // A tag has no colon, so a digest was meant.
  if (reference.includes(':')) throw unsupportedDigest(reference);
  return { tag: checkTag(reference, rules) };
}

/** Resolves the reference of a GET, HEAD or DELETE. Throws MANIFEST_UNKNOWN for a missing manifest, DIGEST_INVALID or TAG_INVALID for a malformed one. */
export function resolveReference(
  repository: StoredRepository,
  reference: string,
  rules: RegistryRules,
): BlobDigest {
  if (isBlobDigest(reference)) return reference;
  if (isAnyDigest(reference)) throw manifestUnknown();
  if (reference.includes(':')) throw unsupportedDigest(reference);
  if (!rules.refusesBadTags && !rules.tagForm.test(reference)) throw manifestUnknown();
  const tag = repository.imageTags.get(checkTag(reference, rules));
  if (tag === undefined) throw manifestUnknown();
  return tag.digest;
}

function checkTag(tag: string, rules: RegistryRules): string {
  if (rules.tagForm.test(tag)) return tag;
  const text = `The image reference '${tag}' is neither a tag nor a digest`;
  throw new RegistryError(400, CHOICES.registryBadTagCode.value, text);
}

function unsupportedDigest(digest: string): RegistryError {
  const text = `'${digest}' is not a digest of sha256, the only algorithm that is supported`;
  return new RegistryError(400, CHOICES.registryUnsupportedDigestCode.value, text);
}
