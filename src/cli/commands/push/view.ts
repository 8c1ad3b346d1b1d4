import type { PushResult, TagResult } from '../../../engine/result.ts';
import { exitStatusOf } from '../../../errors.ts';
import { listNames } from '../../../foreign-text.ts';
import { formatReference } from '../../../oci/reference.ts';
import type { VerifiedImage } from '../../../registry/verify-image.ts';
import type { Publication, PublishedImage } from '../../ci/step-summary.ts';
import type { CommandContext } from '../../command-context.ts';
import { formatBytes, formatCount, formatDuration } from '../../format.ts';
import { formatGalleryPage } from '../../gallery-page.ts';
import { describeError, type Outcome, type ResultMembers } from '../../output.ts';
import type { ConnectedRepository } from './connect-repository.ts';
import type { CostCounter, PushCosts } from './cost-counter.ts';
import type { PushRequest } from './request.ts';
import type { Tried } from './try-each.ts';

/** What a push command knows beside the result of the push. */
export interface PushFacts extends PushCosts {
  /** `HOST/alias/repo:tag`, without HOST and alias when the alias is unknown; with `@digest` when there is no tag. */
  readonly reference: string;
  readonly registryId: string | undefined;
  readonly repositoryName: string;
  /** The alias in the registry's paths; undefined when it is unknown. */
  readonly registryAlias: string | undefined;
  readonly dryRun: boolean;
  /** What was read back. */
  readonly verified?: VerifiedImage | undefined;
}

export interface PushedImage {
  readonly result: PushResult;
  readonly facts: PushFacts;
}

/** Completes the result with what its reference needs; asks the service only when nothing else tells. */
export async function describePushed(
  { chosen, finder }: ConnectedRepository,
  result: PushResult,
  {
    dryRun,
    verified,
    costs,
  }: {
    readonly dryRun: boolean;
    readonly verified: VerifiedImage | undefined;
    readonly costs: CostCounter;
  },
): Promise<PushedImage> {
  const { registryHost, repositoryName, mainTag } = chosen;
  const { alias: registryAlias, registryId } = await finder.find(result.registryId);
  const imageTag = chooseShownTag(result, mainTag);
  const reference = formatReference({
    registryHost,
    repositoryName,
    ...(registryAlias !== undefined && { registryAlias }),
    ...(imageTag === undefined ? { imageDigest: result.imageDigest } : { imageTag }),
  });
  const facts = { reference, registryId, repositoryName, registryAlias, dryRun, verified, ...costs.take() };
  return { result, facts };
}

/** The main tag, unless it stays on another image than the result describes; undefined when there is no tag. */
function chooseShownTag({ tags, imageDigest }: PushResult, mainTag: string | undefined): string | undefined {
  const shown = tags.filter((tag) => tag.imageDigest === undefined || tag.imageDigest === imageDigest);
  return shown.some(({ imageTag }) => imageTag === mainTag) ? mainTag : (shown[0]?.imageTag ?? mainTag);
}

/** Reports to a person what became of each image, and where the Gallery shows it. */
export async function reportPushed(
  { messages, reportError }: CommandContext,
  tried: readonly Tried<PushedImage>[],
  all: boolean,
): Promise<void> {
  const pages = new Set<string>();
  for (const each of tried) {
    if ('error' in each) {
      await reportError(each.error, each.name);
      continue;
    }
    const { result, facts } = each.result;
    for (const { status, artifactType = 'artifact', imageDigest, reason } of result.manifests) {
      if (status === 'refused')
        messages.warn(`refused, so not pushed with the image: ${artifactType} ${imageDigest}: ${reason}`);
    }
    for (const line of summarizePush(result, facts)) {
      messages.note(all ? `${facts.reference}: ${line}` : line);
    }
    const page = findShownPage(facts);
    if (page !== undefined) pages.add(page);
  }
  for (const page of pages) messages.note(`Gallery: ${page}`);
}

/** The outcome of the command: one image's, or with `--all` that of each image. */
export function describeOutcome(
  tried: readonly Tried<PushedImage>[],
  { all, dryRun }: Pick<PushRequest, 'all' | 'dryRun'>,
): Outcome {
  const publication = dryRun ? undefined : publish(tried);
  if (all) return { ...describeEach(tried), publication };
  const [only] = tried;
  if (only === undefined || !('result' in only)) throw new TypeError('no image was pushed');
  const { result, facts } = only.result;
  return { ...describePush(result, facts), publication };
}

/** The outcome of several images. The exit status is that of the first failure. */
function describeEach(tried: readonly Tried<PushedImage>[]): Outcome {
  const failed = tried.find((each) => 'error' in each);
  const exitStatus = failed === undefined ? 0 : exitStatusOf(failed.error);
  const images = tried.map(
    (each): Outcome =>
      'error' in each
        ? { result: { reference: each.name, error: describeError(each.error) } }
        : describePush(each.result.result, each.result.facts),
  );
  return {
    result: { images: images.map(({ result }) => result), exitStatus },
    view: images.flatMap(({ view }) => view ?? []),
    exitStatus,
  };
}

/** What was published, and what was not because of an error. */
function publish(tried: readonly Tried<PushedImage>[]): Publication {
  const images: PublishedImage[] = [];
  const failures: { reference: string; message: string }[] = [];
  for (const each of tried) {
    if ('error' in each) failures.push({ reference: each.name, message: each.error.message });
    else images.push(describePublished(each.result));
  }
  return { images, failures };
}

function describePublished({ result, facts }: PushedImage): PublishedImage {
  const { imageDigest, tags, bytes } = result;
  const set = tags.filter((tag) => tag.imageDigest === undefined);
  return {
    reference: facts.reference,
    imageDigest,
    tags: set.map(({ imageTag, status }) => (status === 'moved' ? `${imageTag} (moved)` : imageTag)),
    totalBytes: bytes.total,
    uploadedBytes: bytes.uploaded,
    durationMs: facts.durationMs,
    page: findShownPage(facts),
  };
}

function describePush(result: PushResult, facts: PushFacts): Outcome {
  const { imageDigest, imageManifestMediaType, manifests, layers, bytes, tags, createdRepository } = result;
  const { reference, registryId, repositoryName, dryRun, apiCalls, retries, durationMs } = facts;
  return {
    result: {
      reference,
      registryId,
      repositoryName,
      imageDigest,
      imageManifestMediaType,
      tags: tags.map((tag) => describeTag(tag, createdRepository)),
      manifests: manifests.map(({ platform, ...manifest }) => ({
        ...manifest,
        platform: platform && { ...platform },
      })),
      layers: { ...layers },
      bytes: { ...bytes },
      apiCalls,
      retries,
      durationMs,
      verified: facts.verified && { ...facts.verified },
      ...(dryRun && { dryRun, createsRepository: createdRepository }),
    },
    view: dryRun ? [] : reference.includes('@') ? reference : `${reference}@${imageDigest}`,
  };
}

/** `put` means that nobody looked, so there is no status; in a repository that is new, the tag is created. */
function describeTag(
  { imageTag, status, previousDigest, imageDigest }: TagResult,
  createdRepository: boolean,
): ResultMembers {
  if (status !== 'put') return { imageTag, status, previousDigest, imageDigest };
  return createdRepository ? { imageTag, status: 'created' } : { imageTag };
}

/** The summary for a person, line by line. */
function summarizePush(result: PushResult, facts: PushFacts): readonly string[] {
  const kept = result.tags.filter(({ imageDigest }) => imageDigest !== undefined);
  return [
    ...kept.map(({ imageTag, imageDigest }) => `The tag ${imageTag} is left on ${imageDigest}.`),
    summarizeTransfer(result, facts),
    ...listMoves(result.tags, facts.dryRun),
  ];
}

/** The repository's page; undefined while it shows nothing. */
function findShownPage({ registryAlias, repositoryName, dryRun }: PushFacts): string | undefined {
  return registryAlias === undefined || dryRun ? undefined : formatGalleryPage(registryAlias, repositoryName);
}

/** The tags that moved, grouped by the image that they moved from, so that each can be moved back. */
function listMoves(tags: readonly TagResult[], dryRun: boolean): readonly string[] {
  const moved = new Map<string, string[]>();
  for (const { imageTag, previousDigest } of tags) {
    if (previousDigest === undefined) continue;
    moved.set(previousDigest, [...(moved.get(previousDigest) ?? []), imageTag]);
  }
  return Array.from(moved, ([digest, names]) => {
    const what = `${names.length === 1 ? 'tag' : 'tags'} ${listNames(names)} from ${digest}`;
    return dryRun ? `Would move the ${what}.` : `Moved the ${what}.`;
  });
}

function summarizeTransfer(result: PushResult, facts: PushFacts): string {
  const { layers, bytes, tags } = result;
  const took = formatDuration(facts.durationMs);
  if (tags.length > 0 && tags.every(({ imageDigest }) => imageDigest !== undefined)) {
    return `Skipped: ${tags.length === 1 ? 'the tag exists' : 'all tags exist'} already; checked in ${took}.`;
  }
  const root = result.manifests.findIndex(({ imageDigest }) => imageDigest === result.imageDigest);
  // An image without a tag, or what refers to an image that was there.
  const isPut = result.manifests
    .slice(tags.length === 0 ? root : root + 1)
    .some(({ status }) => status === 'put');
  const isUnchanged = layers.uploaded === 0 && !isPut && tags.every((tag) => tag.status === 'unchanged');
  if (isUnchanged && !facts.dryRun) {
    return `Unchanged: everything was there already; ${facts.verified ? 'verified' : 'checked'} in ${took}.`;
  }
  const parts = [
    layers.uploaded > 0 &&
      `${formatCount(layers.uploaded, 'blob')} (${formatBytes(bytes.uploaded)}) uploaded`,
    bytes.resumed > 0 && `${formatBytes(bytes.resumed)} resumed`,
    layers.existing > 0 && `${formatCount(layers.existing, 'blob')} there already`,
    layers.skipped > 0 && `${formatCount(layers.skipped, 'foreign layer')} left out`,
  ];
  const done = parts.filter((part) => part !== false).join(', ');
  const creates = result.createdRepository ? `the repository ${facts.repositoryName} would be created, ` : '';
  return facts.dryRun
    ? `Dry run, nothing was sent${creates || done ? ': ' : ''}${creates}${done.replace('uploaded', 'to upload')}.`
    : `Pushed${facts.verified ? ' and verified' : ''} in ${took}${done === '' ? '' : `: ${done}`}.`;
}
