import { findAttested, isAttestation } from './attestation.ts';
import type { IndexEntry } from './index-document.ts';
import { identifyPlatform } from './platform.ts';

/** What a change makes of the entries of an index. */
export interface ChangedEntries {
  /** In their new order. */
  readonly entries: readonly IndexEntry[];
  readonly added: readonly IndexEntry[];
  readonly removed: readonly IndexEntry[];
}

/**
 * Adds images, each followed by its attestations, to the entries of an index. An entry of the same platform is replaced where it stands, and
 * its attestations go with it. What is there already stays as it is.
 */
export function addEntries(before: readonly IndexEntry[], added: readonly IndexEntry[]): ChangedEntries {
  let entries = [...before];
  const attestations = added.filter(({ descriptor }) => isAttestation(descriptor));
  for (const image of added.filter((entry) => !attestations.includes(entry))) {
    const others = entries.filter((entry) => isReplacedBy(entry, image));
    if (others.some((entry) => isSameEntry(entry, image))) {
      entries = entries.filter((entry) => !others.includes(entry) || isSameEntry(entry, image));
      continue;
    }
    const [first] = others;
    entries = entries
      .map((entry) => (entry === first ? image : entry))
      .filter((entry) => !others.includes(entry));
    if (first === undefined) entries.push(image);
  }
  const listed = new Set<string>(entries.map(({ descriptor }) => descriptor.digest));
  const isLeftOver = (entry: IndexEntry): boolean => isOrphan(entry, before, listed);
  entries = entries.filter((entry) => !isLeftOver(entry));
  for (const attestation of attestations) {
    if (!listed.has(attestation.descriptor.digest)) entries.push(attestation);
  }
  return compare(before, entries);
}

/** Removes the entries that `isRemoved` selects, and the attestations of images that are listed no more. */
export function removeEntries(
  before: readonly IndexEntry[],
  isRemoved: (entry: IndexEntry) => boolean,
): ChangedEntries {
  const left = before.filter((entry) => !isRemoved(entry));
  const listed = new Set<string>(left.map(({ descriptor }) => descriptor.digest));
  return compare(
    before,
    left.filter((entry) => !isOrphan(entry, before, listed)),
  );
}

/** Whether an attestation is about an image that was listed and is no more. */
function isOrphan(
  { descriptor }: IndexEntry,
  before: readonly IndexEntry[],
  listed: ReadonlySet<string>,
): boolean {
  const attested = isAttestation(descriptor) ? findAttested(descriptor) : undefined;
  return (
    attested !== undefined &&
    !listed.has(attested) &&
    before.some((entry) => entry.descriptor.digest === attested)
  );
}

function isReplacedBy({ descriptor }: IndexEntry, { descriptor: image }: IndexEntry): boolean {
  if (isAttestation(descriptor)) return false;
  if (descriptor.platform === undefined || image.platform === undefined) {
    return descriptor.digest === image.digest;
  }
  return identifyPlatform(descriptor.platform) === identifyPlatform(image.platform);
}

/** An entry that says nothing else than the new one would. */
function isSameEntry({ descriptor }: IndexEntry, { descriptor: image }: IndexEntry): boolean {
  if (descriptor.digest !== image.digest) return false;
  const [platform, other] = [descriptor.platform, image.platform];
  if (platform === undefined || other === undefined) return platform === other;
  return identifyPlatform(platform) === identifyPlatform(other);
}

function compare(before: readonly IndexEntry[], entries: readonly IndexEntry[]): ChangedEntries {
  return {
    entries,
    added: entries.filter((entry) => !before.includes(entry)),
    removed: before.filter((entry) => !entries.includes(entry)),
  };
}
