import { runPool } from '../../async/pool.ts';
import type { Companion, ImageSource, ManifestImage, Referrer } from '../../ends/image-source.ts';
import { isAttestation } from '../../oci/attestation.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import { MAX_INDEX_DEPTH } from '../../oci/manifest.ts';
import { describeArtifact } from '../../oci/manifest-kind.ts';
import { isIndex } from '../../oci/media-types.ts';
import type { CosignTags } from './cosign-tags.ts';
import type { ManifestCache } from './manifest-cache.ts';
import { parseFound } from './parse-found.ts';

/** Questions to the registry at the same time. */
const MOST_AT_ONCE = 6;
/** Most subjects that are asked about. Real images have some dozens of manifests and referrers. */
const MOST_SUBJECTS = 1000;

/** What travels with an image: cosign's tags, and what refers to it, to a manifest below it, or to another referrer. */
export type Travelling = Required<Pick<ManifestImage, 'companions' | 'referrers' | 'warnings'>>;

/**
 * Finds what travels with an image. `image`: its manifests that are copied, itself included. Nobody refers to the attestations of an index:
 * they are part of it.
 */
export async function findTravelling(
  manifests: ManifestCache,
  image: readonly Descriptor[],
  cosign: CosignTags,
  signal: AbortSignal,
): Promise<Travelling> {
  const companions: Companion[] = [];
  const referrers = new Map<Digest, Referrer>();
  const asked = new Set<Digest>();
  let pending = image.filter((each) => !isAttestation(each)).map(({ digest }) => digest);
  let left = 0;
  while (pending.length > 0) {
    const subjects = [...new Set(pending)].filter((digest) => !asked.has(digest));
    const taken = subjects.slice(0, MOST_SUBJECTS - asked.size);
    left += subjects.length - taken.length;
    for (const digest of taken) asked.add(digest);
    const found = await askEach(manifests, taken, cosign, signal);
    pending = [];
    for (const { subject, listed, tagged } of found) {
      companions.push(...tagged);
      for (const root of listed) {
        if (referrers.has(root.digest) || asked.has(root.digest)) continue;
        const kind = describeArtifact([root.artifactType ?? root.mediaType]) ?? 'artifact';
        referrers.set(root.digest, { root, subject, kind });
        pending.push(root.digest);
      }
    }
  }
  const warnings =
    left > 0 ? [`too many manifests refer to it: what refers to ${left} of them is left behind`] : [];
  return { companions, referrers: [...referrers.values()], warnings };
}

/** What an image of a registry is looked up with. */
export interface TravellingSearch {
  readonly manifests: ManifestCache;
  /** Undefined: what refers to the image is left behind. */
  readonly cosign: CosignTags | undefined;
  readonly signal: AbortSignal;
}

/**
 * Adds what travels with an image of an open registry source. `digest`: of the image as the registry has it, which may be an index that
 * `image` is a selection of.
 */
export async function addTravelling(
  { manifests, cosign, signal }: TravellingSearch,
  digest: Digest,
  source: ImageSource,
  image: ManifestImage,
): Promise<ManifestImage> {
  if (cosign === undefined) return image;
  const { root, warnings = [] } = image;
  const below = await listBelow(source, root);
  // They are read while the registry is asked what refers to them.
  source.expect?.(below);
  const subjects = [{ ...root, digest }, ...below];
  const travelling = await findTravelling(manifests, subjects, cosign, signal);
  source.expect?.([...travelling.companions, ...travelling.referrers].map((each) => each.root));
  return { ...image, ...travelling, warnings: [...warnings, ...travelling.warnings] };
}

interface FoundOfSubject {
  readonly subject: Digest;
  readonly listed: readonly Descriptor[];
  readonly tagged: readonly Companion[];
}

/** Keeps the order of the subjects. */
async function askEach(
  manifests: ManifestCache,
  subjects: readonly Digest[],
  cosign: CosignTags,
  signal: AbortSignal,
): Promise<readonly FoundOfSubject[]> {
  const found = new Map<Digest, FoundOfSubject>();
  await runPool(subjects, MOST_AT_ONCE, signal, async (subject, inner) => {
    const [listed, tagged] = await Promise.all([
      manifests.findReferrers(subject),
      findCompanions(manifests, subject, cosign, inner),
    ]);
    found.set(subject, { subject, listed, tagged });
  });
  return subjects.flatMap((subject) => found.get(subject) ?? []);
}

async function findCompanions(
  manifests: ManifestCache,
  subject: Digest,
  cosign: CosignTags,
  signal: AbortSignal,
): Promise<readonly Companion[]> {
  const companions: Companion[] = [];
  for (const imageTag of await cosign.find(subject)) {
    const digest = await manifests.remote.findDigest(imageTag, signal);
    const found = digest && (await manifests.find(digest));
    if (found === undefined) continue;
    const root = { digest: found.digest, mediaType: found.mediaType, size: found.bytes.length };
    companions.push({ imageTag, root });
  }
  return companions;
}

/** Lists the manifests below an image: those that its index lists, and those of indexes in it. */
export async function listBelow(
  source: ImageSource,
  root: Descriptor,
  depth = 0,
): Promise<readonly Descriptor[]> {
  if (!isIndex(root.mediaType) || depth > MAX_INDEX_DEPTH) return [];
  const { digest, size, mediaType } = root;
  const chunks: Buffer[] = [];
  for await (const chunk of source.open({ kind: 'digest', digest, size }, 0)) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const index = parseFound({ bytes, digest, mediaType });
  const below: Descriptor[] = [];
  for (const child of index?.kind === 'index' ? index.manifests : []) {
    below.push(child, ...(await listBelow(source, child, depth + 1)));
  }
  return below;
}
