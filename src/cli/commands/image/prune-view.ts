import { listNames } from '../../../foreign-text.ts';
import type { LinkedImages } from '../../../retention/links.ts';
import {
  describeVerdict,
  type RetainableImage,
  type RetentionRules,
  type RetentionVerdict,
} from '../../../retention/rules.ts';
import type { CommandContext } from '../../command-context.ts';
import { formatCount, formatLongTable, formatTime } from '../../format.ts';
import type { Outcome, ResultMembers } from '../../output.ts';
import { describeDeletions, listDeletions, type RepositoryDeletion, reportFailures } from './deletion.ts';

/** What goes and what stays, and why. */
export interface Decision {
  readonly linked: LinkedImages;
  /** One for each image. */
  readonly verdicts: readonly RetentionVerdict[];
  readonly rules: RetentionRules;
  /** `--older-than` as given. */
  readonly age: string | undefined;
}

interface Judged {
  readonly image: RetainableImage;
  readonly verdict: RetentionVerdict;
}

/** Outcome of a dry run: a row for each image, those that go first, the newest first. */
export async function showDecision(context: CommandContext, decision: Decision): Promise<Outcome> {
  sayCounts(context, decision, 'would go');
  const nothing = { deleted: [], failures: [] };
  if (context.style.json) return publishDecision(context, decision, nothing, { dryRun: true });
  const judged = [...eachJudged(decision)].sort(
    (a, b) => rank(a) - rank(b) || (b.image.pushedAtMs ?? 0) - (a.image.pushedAtMs ?? 0),
  );
  if (judged.length === 0) return {};
  const headings = ['ACTION', 'DIGEST', 'TAGS', 'PUSHED (UTC)', 'REASON'];
  return {
    lines: formatLongTable(headings, judged, ({ image, verdict }) => [
      verdict.action,
      image.imageDigest,
      listNames(image.imageTags),
      formatTime(image.pushedAtMs),
      describeVerdict(image, verdict, decision.rules, decision.age),
    ]),
  };
}

/** Outcome of a prune: in text what is gone, in JSON the decision as well. */
export async function showPruned(
  context: CommandContext,
  decision: Decision,
  deletion: RepositoryDeletion,
): Promise<Outcome> {
  sayCounts(context, decision, 'met the rules');
  if (!context.style.json) return describeDeletions(context, [deletion]);
  await reportFailures(context, [deletion]);
  const { exitStatus = 0, ...members } = listDeletions(context, [deletion]);
  return publishDecision(context, decision, { ...members, ...(exitStatus !== 0 && { exitStatus }) });
}

async function publishDecision(
  { publishList }: CommandContext,
  decision: Decision,
  tail: ResultMembers,
  head: ResultMembers = {},
): Promise<Outcome> {
  function* describeEach(): Generator<ResultMembers> {
    for (const { image, verdict } of eachJudged(decision)) {
      const { imageDigest, imageTags } = image;
      const reason = describeVerdict(image, verdict, decision.rules, decision.age);
      yield { imageDigest, imageTags, action: verdict.action, reason };
    }
  }
  await publishList({ head, member: 'images', items: describeEach(), tail: () => tail });
  return { exitStatus: typeof tail.exitStatus === 'number' ? tail.exitStatus : 0 };
}

function* eachJudged({ linked: { images }, verdicts }: Decision): Generator<Judged> {
  for (const [position, image] of images.entries()) {
    const verdict = verdicts[position];
    if (verdict !== undefined) yield { image, verdict };
  }
}

function rank({ verdict }: Judged): number {
  return verdict.action === 'delete' ? 0 : 1;
}

function sayCounts({ messages }: CommandContext, { verdicts }: Decision, verb: string): void {
  const going = verdicts.filter(({ action }) => action === 'delete').length;
  if (verdicts.length === 0) messages.note('Nothing to delete: the repository has no images.');
  else if (going === 0) messages.note(`Nothing to delete: all images stay, ${verdicts.length} in number.`);
  else messages.note(`${going} of ${formatCount(verdicts.length, 'image')} ${verb}.`);
}
