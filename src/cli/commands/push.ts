import { basename, resolve } from 'node:path';
import { parsePlatform } from '../../oci/platform.ts';
import { selectImages } from '../../source/select-images.ts';
import type { CommandContext } from '../command-context.ts';
import type { Outcome } from '../outcome.ts';
import { openProgress } from '../progress/open-progress.ts';
import type { ProgressDisplay } from '../progress/progress-display.ts';
import { findArrival } from '../push/arrival.ts';
import { awaitImage } from '../push/arriving-image.ts';
import { checkSource } from '../push/check-source.ts';
import { chooseImages } from '../push/choose-images.ts';
import { chooseTarget, type PushTarget } from '../push/choose-target.ts';
import { checkDigestFile, writeDigestFile } from '../push/digest-file.ts';
import { openGivenSource, planImage } from '../push/open-image.ts';
import { checkOptions, listGivenTarget, type PushOptions } from '../push/push-options.ts';
import { describePush, findGalleryPage, type PushFacts, summarizePush } from '../push/push-outcome.ts';
import type { RemoteCache } from '../push/remote-cache.ts';
import { type ImageToSend, type SentImage, sendImage } from '../push/send-image.ts';
import { findRegistryHost, isRegistryOfApi, requireRegistryHost } from '../registry-host.ts';
import { type NewRepository, readNewRepository } from '../repository-input.ts';

const BYTES_PER_MIB = 1024 * 1024;

interface PushedImage {
  readonly result: SentImage['result'];
  readonly facts: PushFacts;
}

/** Pushes images of an archive. What can be found wrong without the network is found before anything is sent. */
export async function push(
  context: CommandContext,
  source: string,
  reference: string | undefined,
  options: PushOptions,
): Promise<Outcome> {
  const digestFile = options.digestFile && resolve(context.io.cwd, options.digestFile);
  checkSource(context, source, reference);
  checkOptions(context, reference, options);
  if (options.verify) await requireRegistryHost(context, '--verify');
  if (digestFile !== undefined) await checkDigestFile(digestFile);
  const progress = await openProgress(context, {
    name: reference ?? (source === '-' ? 'standard input' : basename(source)),
    dryRun: options.dryRun ?? false,
  });
  let pushed: readonly PushedImage[];
  try {
    pushed = await pushFrom(context, progress, source, reference, options);
  } finally {
    progress.stop();
  }
  for (const { result, facts } of pushed) {
    for (const line of summarizePush(result, facts)) {
      context.messages.note(options.all ? `${facts.reference}: ${line}` : line);
    }
  }
  for (const page of new Set(pushed.flatMap(({ facts }) => findGalleryPage(facts) ?? []))) {
    context.messages.note(`Gallery: ${page}`);
  }
  const afterwards = async (): Promise<void> => {
    const digests = pushed.map(({ result }) => result.imageDigest).join('\n');
    if (digestFile !== undefined && !options.dryRun) await writeDigestFile(context, digestFile, digests);
  };
  const [first, ...others] = pushed.map(({ result, facts }) => describePush(result, facts));
  if (first === undefined) throw new TypeError('no image was pushed');
  if (!options.all) return { ...first, afterwards };
  const outcomes = [first, ...others];
  return {
    afterwards,
    result: { images: outcomes.map(({ result }) => result) },
    view: outcomes.flatMap(({ view }) => view ?? []),
  };
}

/** Pushes one image after the other. */
async function pushFrom(
  context: CommandContext,
  progress: ProgressDisplay,
  sourcePath: string,
  reference: string | undefined,
  options: PushOptions,
): Promise<readonly PushedImage[]> {
  let lastMs = performance.now();
  const registryHost = findRegistryHost(context);
  const readsRegistry = await isRegistryOfApi(context);
  const { remoteCache, cacheFrom = [], image: name, all = false } = options;
  const given = listGivenTarget(reference, options);
  const prepare = async (target: PushTarget, plan: ImageToSend['plan']): Promise<ImageToSend> => ({
    plan,
    target,
    readsRegistry,
    repository: await readRepository(context, target, options),
    ...readSettings(options),
  });
  const send = async (image: ImageToSend): Promise<PushedImage> => {
    const { result, facts } = await sendImage(context, progress, image);
    const durationMs = Math.round(performance.now() - lastMs);
    lastMs += durationMs;
    return { result, facts: { ...facts, durationMs } };
  };
  const makeRemote =
    (target: PushTarget) =>
    (finder: RemoteCache['finder']): RemoteCache | undefined =>
      remoteCache && readsRegistry ? { finder, target, cacheFrom } : undefined;

  const arrival = await findArrival(context, sourcePath, reference, options);
  if (arrival !== undefined) {
    const target = chooseTarget(given, [], registryHost);
    const image = awaitImage(context, arrival, options, makeRemote(target));
    try {
      return [await send(await prepare(target, image.plan))];
    } finally {
      await image.close();
    }
  }
  const selection = {
    platforms: (options.platform ?? []).map(parsePlatform),
    attestations: options.attestations,
  };
  const opened = await openGivenSource(context, sourcePath);
  try {
    const images: ImageToSend[] = [];
    for (const chosen of chooseImages(opened, { ...given, image: name, all }, registryHost)) {
      const { target } = chosen;
      const { source, image } = await selectImages(opened, chosen.image, selection);
      // What is wrong with the last image shall not be found when the others are there already.
      if (all) await planImage(context, source, image, options, undefined);
      const findRemote = makeRemote(target);
      const plan: ImageToSend['plan'] = (finder) =>
        planImage(context, source, image, options, findRemote(finder));
      images.push(await prepare(target, plan));
    }
    const pushed: PushedImage[] = [];
    for (const [index, image] of images.entries()) {
      if (images.length > 1) {
        const { repositoryName, mainTag } = image.target;
        const name = mainTag === undefined ? repositoryName : `${repositoryName}:${mainTag}`;
        progress.startImage({ name, position: index + 1, images: images.length });
      }
      pushed.push(await send(image));
    }
    return pushed;
  } finally {
    await opened.close();
  }
}

/** What the options say of how an image is sent. */
function readSettings({
  concurrency,
  partSize,
  dryRun = false,
  verify = false,
  ifExists,
  resume,
  retryBudget,
}: PushOptions) {
  const partBytes = partSize === undefined ? undefined : partSize * BYTES_PER_MIB;
  return { concurrency, partBytes, dryRun, verify, ifExists, resume, retryBudgetMs: retryBudget };
}

/** The repository to create when it is missing; undefined when that was not asked for. */
async function readRepository(
  context: CommandContext,
  reference: PushTarget,
  { createRepo, catalog, resourceTag: resourceTags }: PushOptions,
): Promise<NewRepository | undefined> {
  return createRepo ? readNewRepository(context, { reference, catalog, resourceTags }) : undefined;
}
