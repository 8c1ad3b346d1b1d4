import { connectPush } from '../../ecr/push.ts';
import { createRepository } from '../../ecr/repositories.ts';
import { RetryBudget } from '../../net/retry-budget.ts';
import { formatReference } from '../../oci/reference.ts';
import { pushImage } from '../../push/push-image.ts';
import type { PushOptions } from '../../push/push-options.ts';
import type { PushPlan } from '../../push/push-plan.ts';
import type { PushResult } from '../../push/push-result.ts';
import type { ReadRetry } from '../../registry/retry-reading.ts';
import type { VerifyEvent } from '../../registry/verify-events.ts';
import type { CommandContext } from '../command-context.ts';
import { type EcrSession, withEcr } from '../ecr-session.ts';
import { assertOwnRepository, isSameRegistry } from '../own-registry.ts';
import type { ProgressDisplay } from '../progress/progress-display.ts';
import type { NewRepository } from '../repository-input.ts';
import { checkImageTags } from './check-image-tags.ts';
import { type PushTarget, refuseRepositories } from './choose-target.ts';
import { expectDigest } from './expect-digest.ts';
import { explainMissing, isRegistryMissing } from './explain-missing.ts';
import {
  addKeptTags,
  type GuardedResult,
  type GuardedTags,
  guardTags,
  type TagPolicy,
} from './guard-tags.ts';
import { openUploads } from './open-uploads.ts';
import type { PushFacts } from './push-outcome.ts';
import { RegistryFinder } from './registry-finder.ts';
import { makeTagLocator } from './tag-locator.ts';
import { makeTagLookup } from './tag-lookup.ts';
import { tellReadRetry, verifyPushed } from './verify-pushed.ts';

/** How long a push goes on without progress: what it has sent is worth more patience than a question. */
const PUSH_BUDGET_MS = 5 * 60_000;

type Sending = Omit<PushOptions, 'tags' | 'lookUpTag' | 'guardTag'>;

export interface ImageToSend {
  /** Plans the push, when the registry can be asked, and layers can be sent as `sending` says. */
  readonly plan: (finder: RegistryFinder, sending: Sending) => Promise<PushPlan>;
  readonly target: PushTarget;
  /** Whether the registry may be asked: not when it belongs to another service than the API. */
  readonly readsRegistry: boolean;
  /** The repository to create when it is missing; undefined: that is an error. */
  readonly repository: NewRepository | undefined;
  readonly concurrency: number;
  readonly partBytes: number | undefined;
  readonly dryRun: boolean;
  /** Whether uploads are kept, and gone on with. */
  readonly resume: boolean;
  /** What happens to tags that are on another image. */
  readonly ifExists: 'overwrite' | TagPolicy;
  /** Reads the image back afterwards. */
  readonly verify: boolean;
}

export interface SentImage {
  readonly result: GuardedResult;
  readonly facts: Omit<PushFacts, 'durationMs'>;
}

/** Pushes what was planned, and finds out what the reference of the result needs. */
export async function sendImage(
  context: CommandContext,
  progress: ProgressDisplay,
  image: ImageToSend,
): Promise<SentImage> {
  const { target, repository, concurrency, partBytes, dryRun } = image;
  const { registryHost, registryAlias, repositoryName } = target;
  const { signal } = context.io;
  let apiCalls = 0;
  let retries = 0;
  let createdRepository = false;

  const noteReadRetry = (retry: ReadRetry): void => {
    retries += 1;
    progress.showCall({ kind: 'retry', operation: retry.subject, ...retry });
    tellReadRetry(context, retry);
  };

  const send = async (session: EcrSession, finder: RegistryFinder): Promise<SentImage> => {
    const sending: Sending = {
      service: connectPush(session.client, { registryId: registryAlias, repositoryName }),
      concurrency,
      partBytes,
      uploads: image.resume ? openUploads(context, session.endpoint, target) : undefined,
      dryRun,
      signal,
      onEvent: (event) => progress.show(event),
      createRepository:
        repository &&
        (async () => {
          await assertOwnRepository(session, repository.reference, signal);
          if (!dryRun) {
            await finder.learn(await createRepository(session.client, repository.input, signal));
            context.messages.note(`Created repository ${repositoryName}.`);
          }
          createdRepository = true;
        }),
    };
    for (const other of target.otherNames ?? []) {
      if (!(await isSameRegistry(session, target, other, signal))) throw refuseRepositories(target, other);
    }
    const local = await image.plan(finder, sending);
    for (const warning of local.warnings ?? []) context.messages.warn(warning);
    for (const note of local.notes ?? []) context.messages.note(note);
    const planned = await expectDigest(local, target.imageDigest, signal);
    const { plan, tags, kept, ...guard } = await guardImage(context, image, planned, finder, session);
    for (const { imageTag, imageDigest } of kept) {
      context.messages.note(`The tag ${imageTag} is left on ${imageDigest}.`);
    }
    const lookUpTag = image.readsRegistry ? makeTagLookup(context, finder, target) : undefined;
    const pushed =
      kept.length > 0 && tags.length === 0
        ? undefined
        : await pushImage(plan, { ...sending, tags, lookUpTag, ...guard });
    const result = addKeptTags(pushed, kept, target.tags);
    if (dryRun && !createdRepository) {
      await checkImageTags(session, finder, result.imageDigest, tags, signal);
    }
    const onEvent = (event: VerifyEvent) => progress.show(event);
    const budget = new RetryBudget({ givenMs: context.options.retryBudget, defaultMs: PUSH_BUDGET_MS });
    const place = { registryHost, repositoryName, concurrency, budget, onEvent, onRetry: noteReadRetry };
    const verified =
      image.verify && !dryRun && isPut(pushed)
        ? await verifyPushed(pushed, place, finder, session, signal)
        : undefined;
    const { alias, registryId } = await finder.find(result.registryId);
    const imageTag = chooseShownTag(result, target.mainTag);
    const shown = { registryHost, repositoryName, ...(alias !== undefined && { registryAlias: alias }) };
    const reference = formatReference({
      ...shown,
      ...(imageTag === undefined ? { imageDigest: result.imageDigest } : { imageTag }),
    });
    const facts = { reference, registryId, repositoryName, registryAlias: alias, dryRun, createdRepository };
    return { result, facts: { ...facts, apiCalls, retries, verified } };
  };

  const sendOrExplain = async (session: EcrSession): Promise<SentImage> => {
    const finder = new RegistryFinder(context, session, target);
    try {
      return await send(session, finder);
    } catch (error) {
      // Asked to create one there, the answer is whose registry it is.
      if (repository !== undefined && isRegistryMissing(error)) {
        await assertOwnRepository(session, repository.reference, signal);
      }
      throw await explainMissing(error, target, finder, createdRepository);
    }
  };

  return withEcr(context, sendOrExplain, {
    concurrency,
    defaultBudgetMs: PUSH_BUDGET_MS,
    onEvent: (event) => {
      if (event.kind === 'call') apiCalls += 1;
      else retries += 1;
      progress.showCall(event);
    },
  });
}

/** With a policy, no tag is moved; see `guardTags`. */
async function guardImage(
  { io, options }: CommandContext,
  image: ImageToSend,
  plan: PushPlan,
  finder: RegistryFinder,
  session: EcrSession,
): Promise<Pick<GuardedTags, 'plan' | 'tags' | 'kept'> & Partial<GuardedTags>> {
  const { target, ifExists, readsRegistry } = image;
  const { tags } = target;
  if (ifExists === 'overwrite') return { plan, tags, kept: [] };
  const locate = makeTagLocator(session, finder, { ...target, readsRegistry }, options.retryBudget);
  return guardTags(ifExists, plan, tags, locate, io.signal);
}

/** The main tag, unless it was left on another image than the result is about; none where there is no tag. */
function chooseShownTag(
  { tags, imageDigest }: GuardedResult,
  mainTag: string | undefined,
): string | undefined {
  const shown = tags.filter((tag) => tag.imageDigest === undefined || tag.imageDigest === imageDigest);
  return shown.some(({ imageTag }) => imageTag === mainTag) ? mainTag : (shown[0]?.imageTag ?? mainTag);
}

/** Whether the image was put, and not only tags left where they are. */
function isPut(pushed: PushResult | undefined): pushed is PushResult {
  if (pushed === undefined) return false;
  return pushed.tags.length === 0 || pushed.tags.some(({ imageDigest }) => imageDigest === undefined);
}
