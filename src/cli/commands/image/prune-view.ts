import { listNames } from '../../../foreign-text.ts';
import type { LinkedImages } from '../../../retention/links.ts';
import {
  describeVerdict,
  type RetainableImage,
  type RetentionRules,
  type RetentionVerdict,
} from '../../../retention/rules.ts';
import type { CommandContext } from '../../command-context.ts';
import { findResultWidth, formatCount, formatLongTable, formatTime } from '../../format.ts';
import type { Outcome, ResultMembers } from '../../output.ts';
import { describeDeletions, listDeletions, type RepositoryDeletion, reportFailures } from './deletion.ts';
import type { ImageColumns } from './image-columns.ts';

/** What goes and what stays, and why. */
export interface Decision {
  readonly images: ImageColumns;
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
  const { images, verdicts } = decision;
  if (images.length === 0) return {};
  const newest = images.listNewestFirst();
  const isGoing = (position: number): boolean => verdicts[position]?.action === 'delete';
  const positions = [...newest.filter(isGoing), ...newest.filter((position) => !isGoing(position))];
  const headings = ['ACTION', 'DIGEST', 'TAGS', 'PUSHED (UTC)', 'REASON'];
  const toCells = ({ image, verdict }: Judged): readonly string[] => [
    verdict.action,
    image.imageDigest,
    listNames(image.imageTags),
    formatTime(image.pushedAtMs),
    describeVerdict(image, verdict, decision.rules, decision.age),
  ];
  const width = findResultWidth(context.io);
  return { lines: formatLongTable(headings, pickJudged(decision, positions), toCells, width) };
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
  const { verdicts, rules, age } = decision;
  function* describeEach(): Generator<ResultMembers> {
    for (const { image, verdict } of pickJudged(decision, verdicts.keys())) {
      const { imageDigest, imageTags } = image;
      const reason = describeVerdict(image, verdict, rules, age);
      yield { imageDigest, imageTags, action: verdict.action, reason };
    }
  }
  await publishList({ head, member: 'images', items: describeEach(), tail: () => tail });
  return { exitStatus: typeof tail.exitStatus === 'number' ? tail.exitStatus : 0 };
}

/** Lists images with their verdicts, whenever it is iterated. */
function pickJudged({ images, verdicts }: Decision, positions: Iterable<number>): Iterable<Judged> {
  return {
    *[Symbol.iterator]() {
      for (const [position, image] of images.pick(positions)) {
        const verdict = verdicts[position];
        if (verdict !== undefined) yield { image, verdict };
      }
    },
  };
}

function sayCounts({ messages }: CommandContext, { verdicts }: Decision, verb: string): void {
  const going = verdicts.filter(({ action }) => action === 'delete').length;
  if (verdicts.length === 0) messages.note('Nothing to delete: the repository has no images.');
  else if (going === 0) messages.note(`Nothing to delete: all images stay, ${verdicts.length} in number.`);
  else messages.note(`${going} of ${formatCount(verdicts.length, 'image')} ${verb}.`);
}
