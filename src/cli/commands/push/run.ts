import { basename } from 'node:path';
import type { ImageSource, ListedImage } from '../../../ends/image-source.ts';
import { takeLayers } from '../../../engine/arriving/take-layers.ts';
import { pushImage } from '../../../engine/push-image.ts';
import { selectImages } from '../../../source/select-images.ts';
import type { CommandContext } from '../../command-context.ts';
import { type EcrSession, withEcr } from '../../ecr-session.ts';
import type { Outcome } from '../../output.ts';
import { openProgress, type ProgressDisplay } from '../../progress/display.ts';
import { checkImageTags } from './check-image-tags.ts';
import { type ChosenImage, chooseImages } from './choose-images.ts';
import { type ChosenTarget, chooseTarget } from './choose-target.ts';
import { type ConnectedRepository, connectRepository, explainMissing } from './connect-repository.ts';
import { CostCounter } from './cost-counter.ts';
import { writeDigestFile } from './digest-file.ts';
import { type Arrival, findArrival, openGivenSource } from './open-given-source.ts';
import { type LayerCompression, openCompression, planImage } from './plan-image.ts';
import { type PushOptions, type PushRequest, readRequest } from './request.ts';
import { type Tried, tryEach } from './try-each.ts';
import { verifyPushed } from './verify-pushed.ts';
import { describeOutcome, describePushed, type PushedImage, reportPushed } from './view.ts';

/** How long a push retries without progress: what it has sent is worth more patience than a question. */
const PUSH_BUDGET_MS = 5 * 60_000;

/** What all steps of a push share: one session, whatever the number of images. */
interface PushRun {
  readonly context: CommandContext;
  readonly request: PushRequest;
  readonly session: EcrSession;
  readonly progress: ProgressDisplay;
  readonly costs: CostCounter;
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
  options: PushOptions,
): Promise<Outcome> {
  const request = await readRequest(context, source, reference, options);
  const { concurrency, dryRun, all, digestFile } = request;
  const name = reference ?? (source === '-' ? 'standard input' : basename(source));
  const progress = await openProgress(context, { name, dryRun });
  const costs = new CostCounter();
  let tried: readonly Tried<PushedImage>[];
  try {
    tried = await withEcr(
      context,
      (session) => pushRequested({ context, request, session, progress, costs }),
      {
        concurrency,
        defaultBudgetMs: PUSH_BUDGET_MS,
        onEvent: (event) => {
          costs.noteCall(event);
          progress.showCall(event);
        },
      },
    );
  } finally {
    progress.stop();
  }
  await reportPushed(context, tried, all);
  const afterwards = async (): Promise<void> => {
    const digests = tried.flatMap((each) => ('result' in each ? [each.result.result.imageDigest] : []));
    if (digestFile === undefined || dryRun || digests.length === 0) return;
    await writeDigestFile(context, digestFile, digests.join('\n'));
  };
  return { ...describeOutcome(tried, request), afterwards };
}

/** Throws what is wrong with the push. With `--all`, an error of one image is the outcome of that image, and the others are pushed. */
async function pushRequested(run: PushRun): Promise<readonly Tried<PushedImage>[]> {
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
async function openPushSource(run: PushRun): Promise<OpenedSource> {
  const { context, request } = run;
  const arrival = await findArrival(context, request);
  if (arrival === undefined) return { source: await openGivenSource(context, request) };
  try {
    return await receiveArrival(run, arrival);
  } catch (error) {
    arrival.close();
    throw error;
  }
}

/** Connects to the repository, then sends the layers while they arrive. */
async function receiveArrival(
  { context, request, session, progress }: PushRun,
  arrival: Arrival,
): Promise<OpenedSource> {
  const { signal } = context.io;
  const target = chooseTarget(request.target, [], request.registryHost);
  const repository = await connectRepository(context, session, progress, request, target);
  try {
    const compression = await openCompression(context, request, repository, undefined);
    const { compressor, digestCache } = compression ?? {};
    const intake = takeLayers(repository.uploader, { path: arrival.name, compressor, digestCache }, signal);
    return { source: await arrival.receive(intake), repository, compression };
  } catch (error) {
    throw await explainMissing(error, session, repository, signal);
  }
}

async function makeReady(
  { context, request, session, progress }: PushRun,
  opened: OpenedSource,
  chosen: ChosenImage,
): Promise<ReadyImage> {
  const { source, image } = await selectImages(opened.source, chosen.image, request.selection);
  const repository =
    opened.repository ?? (await connectRepository(context, session, progress, request, chosen.target));
  return { ...opened, source, image, repository };
}

/** Also plans the image, without the network. */
async function checkReady(run: PushRun, opened: OpenedSource, chosen: ChosenImage): Promise<ReadyImage> {
  const ready = await makeReady(run, opened, chosen);
  const local = { ...run.request, remoteCache: false };
  await planImage(run.context, local, ready, ready.repository);
  return ready;
}

async function pushReady(run: PushRun, ready: ReadyImage): Promise<PushedImage> {
  const { context, request, session, progress, costs } = run;
  const { repository, compression } = ready;
  const { chosen, uploader, finder } = repository;
  const { dryRun, ifExists } = request;
  const { signal } = context.io;
  try {
    const plan = await planImage(context, request, ready, repository, compression);
    for (const warning of plan.warnings) context.messages.warn(warning);
    for (const note of plan.notes) context.messages.note(note);
    const pushed = await pushImage(plan, uploader, { ...chosen, ifExists }, signal);
    if (dryRun && !pushed.createdRepository) {
      const moved = pushed.tags.filter(({ imageDigest }) => imageDigest === undefined);
      const tags = moved.map(({ imageTag }) => imageTag);
      await checkImageTags(session, finder, pushed.imageDigest, tags, signal);
    }
    const verified =
      request.verify && !dryRun
        ? await verifyPushed(context, progress, repository, request, pushed, {
            defaultBudgetMs: PUSH_BUDGET_MS,
            onRetry: () => costs.noteRetry(),
          })
        : undefined;
    return await describePushed(repository, pushed, { dryRun, verified, costs });
  } catch (error) {
    throw await explainMissing(error, session, repository, signal);
  }
}

/** For messages. */
function nameTarget({ repositoryName, mainTag }: ChosenTarget): string {
  return mainTag === undefined ? repositoryName : `${repositoryName}:${mainTag}`;
}
