import type { ApiEvent } from '../../../ecr/api-call.ts';
import type { ReplacedImage } from '../../../engine/guard-tags.ts';
import type { PushPlan } from '../../../engine/plan/push-plan.ts';
import { pushImage } from '../../../engine/push-image.ts';
import type { TagResult } from '../../../engine/result.ts';
import type { RepositoryReference } from '../../../oci/reference.ts';
import type { CommandContext } from '../../command-context.ts';
import { type EcrSession, type EcrSessionSettings, withEcr } from '../../ecr-session.ts';
import type { Outcome } from '../../output.ts';
import { openProgress, type ProgressDisplay } from '../../progress/display.ts';
import { checkImageTags } from './check-image-tags.ts';
import type { ConnectedRepository } from './connect-repository.ts';
import { CostCounter } from './cost-counter.ts';
import { writeDigestFile } from './digest-file.ts';
import type { FurtherSessions } from './further-sessions.ts';
import { PUSH_BUDGET_MS } from './push-budget.ts';
import type { TransferRequest } from './request.ts';
import type { Tried } from './try-each.ts';
import { verifyPushed } from './verify-pushed.ts';
import { describeOutcome, describePushed, type PushedImage, reportPushed } from './view.ts';

/** What all steps of a push share: one session, whatever the number of images in its registry. */
export interface PushRun {
  readonly context: CommandContext;
  readonly session: EcrSession;
  /** The session of a repository: another one if the names of an archive lead elsewhere. */
  findSession(place: Pick<RepositoryReference, 'privateRegistry'>): Promise<EcrSession>;
  readonly progress: ProgressDisplay;
  readonly costs: CostCounter;
}

/** What a command says of its push as a whole. */
export interface PushSubject {
  /** For the progress display. */
  readonly name: string;
  /** Whether the outcome is a list of images. */
  readonly all: boolean;
}

/** Runs `work` in a session with a progress display, then reports what it pushed, and writes the digests where the command line says. */
export async function runPush(
  context: CommandContext,
  { concurrency, dryRun, digestFile, privateRegistry }: TransferRequest,
  { name, all }: PushSubject,
  work: (run: PushRun) => Promise<readonly Tried<PushedImage>[]>,
): Promise<Outcome> {
  const progress = await openProgress(context, { name, dryRun });
  const costs = new CostCounter();
  let tried: readonly Tried<PushedImage>[];
  try {
    const settings = {
      place: { privateRegistry },
      concurrency,
      defaultBudgetMs: PUSH_BUDGET_MS,
      onEvent: (event: ApiEvent) => {
        costs.noteCall(event);
        progress.showCall(event);
      },
    };
    const run = { context, progress, costs };
    tried = await withEcr(context, (session) => withFurther(run, session, settings, work), settings);
  } finally {
    progress.stop();
  }
  await reportPushed(context, tried, all);
  const afterwards = async (): Promise<void> => {
    const digests = tried.flatMap((each) => ('result' in each ? [each.result.result.imageDigest] : []));
    if (digestFile === undefined || dryRun || digests.length === 0) return;
    await writeDigestFile(context, digestFile, digests.join('\n'));
  };
  return { ...describeOutcome(tried, { all, dryRun }), afterwards };
}

/** Runs `work` in a session, and closes those that it opens besides. */
async function withFurther<Result>(
  run: Omit<PushRun, 'session' | 'findSession'>,
  session: EcrSession,
  settings: EcrSessionSettings,
  work: (run: PushRun) => Promise<Result>,
): Promise<Result> {
  let further: FurtherSessions | undefined;
  const findSession: PushRun['findSession'] = async ({ privateRegistry }) => {
    const isSame = privateRegistry?.registryHost === session.privateRegistry?.registryHost;
    if (isSame || privateRegistry === undefined) return session;
    const { FurtherSessions } = await import('./further-sessions.ts');
    further ??= new FurtherSessions(run.context, settings);
    return further.find(privateRegistry);
  };
  try {
    return await work({ ...run, session, findSession });
  } finally {
    await further?.close();
  }
}

/** What a command knows of the tags before its push. */
export interface KnownTags {
  /** The image that a tag must be on until it is moved. */
  readonly replaces?: ReplacedImage | undefined;
  /** Tags that need no push: they are on the image, or stay on another one. Part of the result. */
  readonly settled?: readonly TagResult[];
}

/** Pushes what is planned: send → check the tags of a dry run → verify → describe. */
export async function pushPlanned(
  { context, session, progress, costs }: PushRun,
  request: TransferRequest,
  repository: ConnectedRepository,
  plan: PushPlan,
  { replaces, settled = [] }: KnownTags = {},
): Promise<PushedImage> {
  const { chosen, uploader, finder, target } = repository;
  const { dryRun, ifExists, verify, transport } = request;
  const { signal } = context.io;
  for (const warning of plan.warnings) context.messages.warn(warning);
  for (const note of plan.notes) context.messages.note(note);
  const sent = await pushImage(plan, uploader, { ...chosen, ifExists, replaces }, signal);
  const pushed = { ...sent, tags: [...settled, ...sent.tags] };
  if (dryRun && !pushed.createdRepository) {
    const moved = pushed.tags.filter(({ imageDigest }) => imageDigest === undefined);
    const tags = moved.map(({ imageTag }) => imageTag);
    const { limits } = target;
    await checkImageTags(session, { finder, limits }, pushed.imageDigest, tags, signal);
  }
  const verified =
    verify && !dryRun
      ? await verifyPushed(context, progress, repository, request, pushed, {
          defaultBudgetMs: PUSH_BUDGET_MS,
          onRetry: () => costs.noteRetry(),
        })
      : undefined;
  return await describePushed(repository, pushed, { dryRun, verified, transport }, costs);
}
