import type { PushResult, TagResult } from '../../../engine/result.ts';
import { exitStatusOf } from '../../../errors.ts';
import { formatReference } from '../../../oci/reference.ts';
import type { Publication, PublishedImage } from '../../ci/step-summary.ts';
import type { CommandContext } from '../../command-context.ts';
import { formatGalleryPage } from '../../gallery-page.ts';
import { describeError, type Outcome, type ResultMembers } from '../../output.ts';
import type { ConnectedRepository } from './connect-repository.ts';
import type { CostCounter } from './cost-counter.ts';
import type { PushRequest } from './request.ts';
import { type PushFacts, summarizePush } from './summarize.ts';
import type { Tried } from './try-each.ts';

export interface PushedImage {
  readonly result: PushResult;
  readonly facts: PushFacts;
}

/** Completes the result with what its reference needs; asks the service only when nothing else tells. */
export async function describePushed(
  { chosen, finder }: ConnectedRepository,
  result: PushResult,
  { dryRun, transport, verified }: Pick<PushFacts, 'dryRun' | 'transport' | 'verified'>,
  costs: CostCounter,
): Promise<PushedImage> {
  const { registryHost, repositoryName, privateRegistry, mainTag } = chosen;
  const { alias: registryAlias, registryId } = await finder.find(result.registryId);
  const imageTag = chooseShownTag(result, mainTag);
  const reference = formatReference({
    registryHost,
    repositoryName,
    privateRegistry,
    ...(registryAlias !== undefined && { registryAlias }),
    ...(imageTag === undefined ? { imageDigest: result.imageDigest } : { imageTag }),
  });
  const named = { reference, registryId, repositoryName, registryAlias };
  const facts = { ...named, dryRun, transport, verified, ...costs.take() };
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
      messages.note(all || facts.source ? `${nameFor(facts)}: ${line}` : line);
    }
    const page = findShownPage(facts);
    if (page !== undefined) pages.add(page);
  }
  for (const page of pages) messages.note(`Gallery: ${page}`);
}

function nameFor({ source, reference }: PushFacts): string {
  return source === undefined ? reference : `${source.name} to ${reference}`;
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
  const { reference, registryId, repositoryName, dryRun, transport, apiCalls, retries, durationMs, source } =
    facts;
  return {
    result: {
      source: source && `${source.name.replace(/@.*/, '')}@${source.imageDigest}`,
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
      transport,
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

/** The repository's page; undefined while it shows nothing. */
function findShownPage({ registryAlias, repositoryName, dryRun }: PushFacts): string | undefined {
  return registryAlias === undefined || dryRun ? undefined : formatGalleryPage(registryAlias, repositoryName);
}
