import type { ReplacedImage } from '../../../engine/guard-tags.ts';
import { planIndex } from '../../../engine/plan/plan-index.ts';
import type { PlannedManifest, PushPlan } from '../../../engine/plan/push-plan.ts';
import type { ManifestResult, PushResult } from '../../../engine/result.ts';
import type { BuiltManifest } from '../../../oci/build-manifest.ts';
import type { IndexEntry } from '../../../oci/index-document.ts';
import type { ConnectedRepository } from '../push/connect-repository.ts';
import { type LayerCompression, needsCompression, openCompression, planImage } from '../push/plan-image.ts';
import { type PushRun, pushPlanned } from '../push/push-run.ts';
import type { TransferRequest } from '../push/request.ts';
import type { PushedImage } from '../push/view.ts';
import type { IndexMember } from './list-source-members.ts';

/** An index as it goes up. */
export interface MadeIndex {
  readonly manifest: BuiltManifest;
  readonly entries: readonly IndexEntry[];
}

/** Makes the index of the entries that the command line adds, in its order. */
export type MakeIndex = (added: readonly IndexEntry[]) => MadeIndex;

/**
 * Pushes an index with the images of it that are not there yet, in one plan. The result lists every image of the index.
 */
export async function pushIndex(
  run: PushRun,
  request: TransferRequest,
  repository: ConnectedRepository,
  members: readonly IndexMember[],
  makeIndex: MakeIndex,
  replaces?: ReplacedImage,
): Promise<PushedImage> {
  const planned = await planMembers(run, request, repository, members);
  let made: MadeIndex | undefined;
  const plan = planIndex(
    planned,
    (images) => {
      made = makeIndex(listAdded(members, images));
      return made.manifest;
    },
    repository.target.limits,
  );
  const { result, facts } = await pushPlanned(run, request, repository, plan, { replaces });
  const manifests = listManifests(result, made?.entries ?? []);
  return { result: { ...result, manifests }, facts };
}

async function planMembers(
  { context }: PushRun,
  request: TransferRequest,
  repository: ConnectedRepository,
  members: readonly IndexMember[],
) {
  const planned: { readonly plan: PushPlan; readonly platform: IndexMember['platform'] }[] = [];
  let opened: LayerCompression | undefined;
  for (const { image, source, platform } of members) {
    if (image === undefined || source === undefined) continue;
    if (needsCompression(image)) {
      opened = await openCompression(context, request, repository, platform, opened?.compressor);
    }
    const plan = await planImage(context, request, { source, image }, repository, opened);
    planned.push({ plan, platform });
  }
  return planned;
}

/** The entry of each member. `images` are the manifests of those that go up, in their order. */
function listAdded(
  members: readonly IndexMember[],
  images: readonly PlannedManifest[],
): readonly IndexEntry[] {
  const left = [...images];
  return members.map(({ image, entry, platform }) => {
    const built = image === undefined ? undefined : left.shift();
    if (entry !== undefined) return entry;
    if (built === undefined) throw new TypeError('an image without a manifest');
    const { digest, mediaType, bytes } = built;
    return { descriptor: { mediaType, digest, size: bytes.length, ...(platform && { platform }) } };
  });
}

/** Adds the images of the index that nothing put, because they were there. Nothing was put at all when every tag stayed elsewhere. */
function listManifests(
  { manifests: put, imageDigest: rootDigest }: PushResult,
  entries: readonly IndexEntry[],
): readonly ManifestResult[] {
  const listed = new Set(entries.map(({ descriptor }) => descriptor.digest));
  const position = put.findIndex(({ imageDigest }) => imageDigest === rootDigest);
  if (position === -1) return put;
  const isListed = ({ imageDigest }: ManifestResult): boolean => listed.has(imageDigest);
  return [
    ...put.slice(0, position).filter((each) => !isListed(each)),
    ...entries.map(({ descriptor: { digest, mediaType, platform } }): ManifestResult => {
      const status = put.find(({ imageDigest }) => imageDigest === digest)?.status ?? 'unchanged';
      const own = platform && { platform };
      return { imageDigest: digest, imageManifestMediaType: mediaType, ...own, status };
    }),
    ...put.slice(position),
  ];
}
