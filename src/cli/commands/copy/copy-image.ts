import type { PushResult } from '../../../engine/result.ts';
import type { Digest } from '../../../oci/digest.ts';
import type { CosignTags } from '../../../registry/source/cosign-tags.ts';
import { addTravelling } from '../../../registry/source/find-travelling.ts';
import type { ManifestCache } from '../../../registry/source/manifest-cache.ts';
import { openRegistrySource } from '../../../registry/source/open-registry-source.ts';
import { type SelectedImage, selectImages } from '../../../source/select-images.ts';
import { type ConnectedRepository, explainMissing } from '../push/connect-repository.ts';
import { planImage } from '../push/plan-image.ts';
import { type PushRun, pushPlanned } from '../push/push-run.ts';
import { describePushed, type PushedImage } from '../push/view.ts';
import type { CopyRequest } from './request.ts';
import { type SortedTags, sortTags, type TargetTags } from './sort-tags.ts';

/** What all images of a copy share. */
export interface CopyRun extends PushRun {
  readonly request: CopyRequest;
  readonly manifests: ManifestCache;
  /** Undefined: what refers to an image is left behind. */
  readonly cosign: CosignTags | undefined;
}

/** An image of the source, and where it goes. */
export interface FoundImage {
  readonly digest: Digest;
  /** `HOST/PATH:TAG`, for the result. */
  readonly name: string;
  readonly repository: ConnectedRepository;
}

/** An image, and what has to be done. */
export interface ComparedImage extends FoundImage, SortedTags {
  /** Of the root that is put: with `--platform`, of a new index. */
  readonly rootDigest: Digest;
  /** The tags are on the image, or stay elsewhere, and what refers to it is there too: nothing is opened. */
  readonly isSettled: boolean;
  readonly selected?: SelectedImage | undefined;
}

/** Compares an image with what the tags of the target point to. Throws NOT_FOUND for an image that is gone, and as `selectImages`. */
export async function compareImage(
  run: CopyRun,
  image: FoundImage,
  found: TargetTags,
): Promise<ComparedImage> {
  const { transfer, selection } = run.request;
  const isWhole = selection.platforms.length === 0 && selection.attestations === 'keep';
  const selected = isWhole ? undefined : await openSelected(run, image);
  const rootDigest = selected?.image.kind === 'manifest' ? selected.image.root.digest : image.digest;
  const sorted = sortTags(image.repository.chosen.tags, rootDigest, found, transfer.ifExists);
  const compared = { ...image, ...sorted, rootDigest, selected };
  return { ...compared, isSettled: await findSettled(run, compared) };
}

/** Copies an image that is not settled. Throws as a push. */
export async function copyImage(run: CopyRun, compared: ComparedImage): Promise<PushedImage> {
  const { repository, name, digest } = compared;
  const { context, session, request, costs } = run;
  try {
    const { result, facts } = compared.isSettled
      ? await describePushed(repository, describeSettled(compared), request.transfer, costs)
      : await send(run, compared);
    return { result, facts: { ...facts, source: { name, imageDigest: digest } } };
  } catch (error) {
    throw await explainMissing(error, session, repository, context.io.signal);
  }
}

async function openSelected(
  { manifests, request }: CopyRun,
  { digest, name }: FoundImage,
): Promise<SelectedImage> {
  const source = await openRegistrySource(manifests, { digest, names: [name] });
  const [image] = source.images;
  if (image === undefined) throw new TypeError('a registry source without an image');
  return selectImages(source, image, request.selection);
}

/** Plans the image, with what travels with it, and pushes it under the tags that are not on it yet. */
async function send(run: CopyRun, compared: ComparedImage): Promise<PushedImage> {
  const { context, request } = run;
  const { repository, settled, wanted } = compared;
  const { source, image } = compared.selected ?? (await openSelected(run, compared));
  if (image.kind !== 'manifest') throw new TypeError('a registry source without a manifest');
  const whole = await addTravelling(
    { manifests: run.manifests, cosign: run.cosign, signal: context.io.signal },
    compared.digest,
    source,
    image,
  );
  const plan = await planImage(context, request.transfer, { source, image: whole }, repository);
  const { chosen } = repository;
  const wanting = { ...repository, chosen: { ...chosen, tags: wanted } };
  const { result, facts } = await pushPlanned(run, request.transfer, wanting, plan, { settled });
  const order = (imageTag: string): number => chosen.tags.indexOf(imageTag);
  const tags = result.tags.toSorted((a, b) => order(a.imageTag) - order(b.imageTag));
  return { result: { ...result, tags }, facts };
}

type UnjudgedImage = Omit<ComparedImage, 'isSettled'>;

/** Whether nothing has to be done. What refers to the image itself is looked for, and what refers to its platforms is not. */
async function findSettled(
  { manifests, cosign, request, context }: CopyRun,
  { repository, rootDigest, digest, settled, wanted }: UnjudgedImage,
): Promise<boolean> {
  const { target, chosen } = repository;
  if (wanted.length > 0 || (chosen.imageDigest ?? rootDigest) !== rootDigest) return false;
  const { signal } = context.io;
  const isAt = async (reference: string, expected: Digest | undefined): Promise<boolean> =>
    expected === undefined || (await target.glanceAtTag?.(reference, signal)) === expected;
  if (settled.length === 0 && !(await isAt(rootDigest, rootDigest))) return false;
  if (isLeft(settled)) return true;
  if (request.transfer.verify) return false;
  // A new index has nothing that refers to it.
  if (cosign === undefined || rootDigest !== digest) return true;
  const { remote } = manifests;
  const [listed, tags] = await Promise.all([manifests.findReferrers(digest), cosign.find(digest)]);
  const there = await Promise.all([
    ...listed.map((referrer) => isAt(referrer.digest, referrer.digest)),
    ...tags.map(async (tag) => isAt(tag, await remote.findDigest(tag, signal))),
  ]);
  return there.every(Boolean);
}

/** Whether every tag stays on another image. */
function isLeft(settled: SortedTags['settled']): boolean {
  return settled.length > 0 && settled.every(({ imageDigest }) => imageDigest !== undefined);
}

/** The result without a push. If every tag stays elsewhere, it describes the image of the first tag. */
function describeSettled({ rootDigest, settled }: ComparedImage): PushResult {
  const [first] = settled;
  return {
    registryId: undefined,
    imageDigest: (isLeft(settled) ? first?.imageDigest : undefined) ?? rootDigest,
    tags: settled,
    manifests: [],
    layers: { total: 0, uploaded: 0, existing: 0, skipped: 0 },
    bytes: { total: 0, uploaded: 0, existing: 0, resumed: 0 },
    createdRepository: false,
  };
}
