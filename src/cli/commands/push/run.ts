import { basename } from 'node:path';
import type { ImageSource, ListedImage } from '../../../ends/image-source.ts';
import { takeLayers } from '../../../engine/arriving/take-layers.ts';
import { selectImages } from '../../../source/select-images.ts';
import type { CommandContext } from '../../command-context.ts';
import type { Outcome } from '../../output.ts';
import type { Arrival } from './arrival.ts';
import { refuseArguments } from './check-source.ts';
import { type ChosenImage, chooseImages } from './choose-images.ts';
import { type ChosenTarget, chooseTarget } from './choose-target.ts';
import { type ConnectedRepository, connectRepository, explainMissing } from './connect-repository.ts';
import { beginSource } from './open-given-source.ts';
import { type LayerCompression, openCompression, planImage } from './plan-image.ts';
import { type PushRun, pushPlanned, runPush } from './push-run.ts';
import { type PushOptions, type PushRequest, readRequest } from './request.ts';
import { type Tried, tryEach } from './try-each.ts';
import type { PushedImage } from './view.ts';

interface RequestedPush extends PushRun {
  readonly request: PushRequest;
}

/** A source that is open. One whose layers were sent while it arrived has its repository already. */
interface OpenedSource {
  readonly source: ImageSource;
  readonly repository?: ConnectedRepository;
  readonly compression?: LayerCompression | undefined;
}

/** An image that can be pushed. */
interface ReadyImage extends OpenedSource {
  readonly image: ListedImage;
  readonly repository: ConnectedRepository;
}

/** Pushes images of an archive: request → session → source → choice → plan → send → verify → outcome. */
export async function push(
  context: CommandContext,
  source: string,
  reference: string | undefined,
  others: readonly string[],
  options: PushOptions,
): Promise<Outcome> {
  if (others.length > 0) throw refuseArguments(others.length + 2);
  const request = await readRequest(context, source, reference, options);
  const name = reference ?? (source === '-' ? 'standard input' : basename(source));
  return runPush(context, request, { name, all: request.all }, (run) => pushRequested({ ...run, request }));
}

/** Throws what is wrong with the push. With `--all`, an error of one image is the outcome of that image, and the others are pushed. */
async function pushRequested(run: RequestedPush): Promise<readonly Tried<PushedImage>[]> {
  const { context, request, progress } = run;
  const { signal } = context.io;
  const opened = await openPushSource(run);
  try {
    const chosen = await chooseImages(opened.source, request);
    const [only] = chosen;
    if (!request.all && only !== undefined) {
      const result = await pushReady(run, await makeReady(run, opened, only));
      return [{ name: nameTarget(only.target), result }];
    }
    // Finds what is wrong with the last image before the first is sent.
    const named = chosen.map((each) => ({ ...each, name: nameTarget(each.target) }));
    const ready = await tryEach(named, (each) => checkReady(run, opened, each), signal);
    return await tryEach(
      ready,
      async (each, index) => {
        if ('error' in each) throw each.error;
        const position = index + 1;
        if (ready.length > 1) progress.startImage({ name: each.name, position, images: ready.length });
        return pushReady(run, each.result);
      },
      signal,
    );
  } finally {
    await opened.source.close();
  }
}

/** Opens the source. A compressed or piped archive is sent while it is read, when the command line says where it goes. */
async function openPushSource(run: RequestedPush): Promise<OpenedSource> {
  const { context, request } = run;
  const begun = await beginSource(context, request);
  if ('source' in begun) return begun;
  const { arrival } = begun;
  try {
    return await receiveArrival(run, arrival);
  } catch (error) {
    arrival.close();
    throw error;
  }
}

/** Connects to the repository, then sends the layers while they arrive. */
async function receiveArrival(
  { context, request, progress, findSession }: RequestedPush,
  arrival: Arrival,
): Promise<OpenedSource> {
  const { signal } = context.io;
  const target = chooseTarget(request.target, arrival.names ?? [], request.hosts);
  const session = await findSession(target);
  const repository = await connectRepository(context, session, progress, request, target);
  try {
    const compression = await openCompression(context, request, repository, undefined);
    const { compressor, digestCache } = compression ?? {};
    const { foreignLayers } = request;
    const options = { path: arrival.name, compressor, digestCache, foreignLayers };
    const intake = takeLayers(repository.uploader, options, signal);
    return { source: await arrival.receive(intake), repository, compression };
  } catch (error) {
    throw await explainMissing(error, session, repository, signal);
  }
}

async function makeReady(
  { context, request, progress, findSession }: RequestedPush,
  opened: OpenedSource,
  chosen: ChosenImage,
): Promise<ReadyImage> {
  const { source, image } = await selectImages(opened.source, chosen.image, request.selection);
  // What has arrived may be a chart, whose tag was not known before.
  const repository = opened.repository
    ? { ...opened.repository, chosen: chosen.target }
    : await connectRepository(context, await findSession(chosen.target), progress, request, chosen.target);
  return { ...opened, source, image, repository };
}

/** Also plans the image, without the network. */
async function checkReady(
  run: RequestedPush,
  opened: OpenedSource,
  chosen: ChosenImage,
): Promise<ReadyImage> {
  const ready = await makeReady(run, opened, chosen);
  const local = { ...run.request, remoteCache: false };
  await planImage(run.context, local, ready, ready.repository);
  return ready;
}

async function pushReady(run: RequestedPush, ready: ReadyImage): Promise<PushedImage> {
  const { context, request } = run;
  const { repository, compression } = ready;
  const { session } = repository;
  try {
    const plan = await planImage(context, request, ready, repository, compression);
    return await pushPlanned({ ...run, session }, request, repository, plan);
  } catch (error) {
    throw await explainMissing(error, session, repository, context.io.signal);
  }
}

/** For messages. */
function nameTarget({ repositoryName, mainTag }: ChosenTarget): string {
  return mainTag === undefined ? repositoryName : `${repositoryName}:${mainTag}`;
}
