import { parsePlatform } from '../../oci/platform.ts';
import { selectImages } from '../../source/select-images.ts';
import type { CommandContext } from '../command-context.ts';
import type { ProgressDisplay } from '../progress/progress-display.ts';
import { findRegistryHost, isRegistryOfApi } from '../registry-host.ts';
import { type NewRepository, readNewRepository } from '../repository-input.ts';
import { findArrival } from './arrival.ts';
import { awaitImage } from './arriving-image.ts';
import { type ChosenImage, chooseImages } from './choose-images.ts';
import { chooseTarget, type PushTarget } from './choose-target.ts';
import { openGivenSource, planImage } from './open-image.ts';
import { listGivenTarget, type PushOptions } from './push-options.ts';
import type { PushedImage } from './push-outcome.ts';
import type { RemoteCache } from './remote-cache.ts';
import { type ImageToSend, sendImage } from './send-image.ts';
import { type Tried, tryEach } from './try-each.ts';

const BYTES_PER_MIB = 1024 * 1024;

/**
 * Pushes one image after the other. An error is thrown; with `--all`, what is wrong with one image is what became of it, and the
 * others go on.
 */
export async function pushImages(
  context: CommandContext,
  progress: ProgressDisplay,
  sourcePath: string,
  reference: string | undefined,
  options: PushOptions,
): Promise<readonly Tried<PushedImage>[]> {
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
      const result = await send(await prepare(target, image.plan));
      return [{ name: nameTarget(target), result }];
    } finally {
      await image.close();
    }
  }
  const selection = {
    platforms: (options.platform ?? []).map(parsePlatform),
    attestations: options.attestations,
  };
  const opened = await openGivenSource(context, sourcePath);
  const makeReady = async ({ image: chosen, target }: ChosenImage): Promise<ImageToSend> => {
    const { source, image } = await selectImages(opened, chosen, selection);
    // What is wrong with the last image is found before the first is sent.
    if (all) await planImage(context, source, image, options, undefined);
    const findRemote = makeRemote(target);
    return prepare(target, (finder) => planImage(context, source, image, options, findRemote(finder)));
  };
  try {
    const byPlatform = selection.platforms.length > 0;
    const chosen = await chooseImages(opened, { ...given, image: name, all, byPlatform }, registryHost);
    const [only] = chosen;
    if (!all && only !== undefined) {
      return [{ name: nameTarget(only.target), result: await send(await makeReady(only)) }];
    }
    const { signal } = context.io;
    const named = chosen.map((each) => ({ ...each, name: nameTarget(each.target) }));
    const ready = await tryEach(named, makeReady, signal);
    return await tryEach(
      ready,
      async (image, index) => {
        if ('error' in image) throw image.error;
        if (ready.length > 1)
          progress.startImage({ name: image.name, position: index + 1, images: ready.length });
        return send(image.result);
      },
      signal,
    );
  } finally {
    await opened.close();
  }
}

/** For messages. */
function nameTarget({ repositoryName, mainTag }: PushTarget): string {
  return mainTag === undefined ? repositoryName : `${repositoryName}:${mainTag}`;
}

/** What the options say of how an image is sent. */
function readSettings({
  concurrency,
  partSize,
  dryRun = false,
  verify = false,
  ifExists,
  resume,
}: PushOptions) {
  const partBytes = partSize === undefined ? undefined : partSize * BYTES_PER_MIB;
  return { concurrency, partBytes, dryRun, verify, ifExists, resume };
}

/** The repository to create when it is missing; undefined when that was not asked for. */
async function readRepository(
  context: CommandContext,
  reference: PushTarget,
  { createRepo, catalog, resourceTag: resourceTags }: PushOptions,
): Promise<NewRepository | undefined> {
  return createRepo ? readNewRepository(context, { reference, catalog, resourceTags }) : undefined;
}
