import { randomBytes } from 'node:crypto';
import { type LivePlace, type LiveService, mustCall, openLiveService, read } from './live-service.ts';
import type { Finding, Shown } from './question.ts';
import type { Topic } from './questions.ts';

/** What came out of a topic. `undecided`: there is no question, or it could not be asked. */
export type Verdict = 'confirmed' | 'differs' | 'undecided';

export interface TopicResult {
  readonly topic: Topic;
  readonly verdict: Verdict;
  readonly observed?: Shown;
  readonly expected?: Shown;
  /** Why it is undecided. */
  readonly reason?: string;
}

export interface RunResult {
  readonly repositoryName: string;
  readonly registryId: string;
  readonly registryAlias: string;
  readonly results: readonly TopicResult[];
  /** Why the repository could not be deleted. Undefined: nothing is left. */
  readonly left: string | undefined;
}

export interface RunOptions {
  /** Called after each topic. */
  readonly onResult?: (result: TopicResult) => void;
  /** Stops before the next question. The repository is deleted all the same. */
  readonly signal?: AbortSignal;
}

/**
 * Asks about the topics in a new repository, and deletes that at the end, whatever happens. Rejects if nothing could be asked; the error says
 * what is left, if anything is.
 */
export async function runQuestions(
  place: LivePlace,
  topics: readonly Topic[],
  { onResult = () => undefined, signal }: RunOptions = {},
): Promise<RunResult> {
  const repositoryName = `ecrp-live-${randomBytes(6).toString('hex')}`;
  const created = await mustCall(place, 'CreateRepository', { repositoryName });
  const repository = {
    repositoryName,
    registryId: String(read(created, 'repository', 'registryId')),
    registryAlias:
      String(read(created, 'repository', 'repositoryUri'))
        .split('/')
        .at(-2) ?? '',
    repositoryArn: String(read(created, 'repository', 'repositoryArn')),
  };
  const results: TopicResult[] = [];
  const failures: string[] = [];
  try {
    const service = await openLiveService(place, repository);
    for (const topic of topics) {
      const result = signal?.aborted
        ? ({ topic, verdict: 'undecided', reason: 'the run was interrupted' } as const)
        : await askAbout(topic, service);
      results.push(result);
      onResult(result);
    }
  } catch (error) {
    failures.push(describe(error));
  }
  const left = await deleteRepository(place, repositoryName);
  if (failures.length > 0) {
    throw new Error(
      [...failures, ...(left === undefined ? [] : [describeLeft(repositoryName, left)])].join('; '),
    );
  }
  return { ...repository, results, left };
}

/** Says what is left, and how to remove it. */
export function describeLeft(repositoryName: string, reason: string): string {
  return `the repository ${repositoryName} is left (${reason}): ecrp repo delete ${repositoryName} --force --yes`;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function askAbout(topic: Topic, service: LiveService): Promise<TopicResult> {
  const { question, choice } = topic;
  if (typeof question === 'string') return { topic, verdict: 'undecided', reason: question };
  try {
    const finding = await question(service);
    const expected = expectationOf(finding, choice.value);
    const verdict = finding.observed === expected ? 'confirmed' : 'differs';
    return { topic, verdict, observed: finding.observed, expected };
  } catch (error) {
    return { topic, verdict: 'undecided', reason: describe(error) };
  }
}

function expectationOf({ expected }: Finding, value: unknown): Shown {
  if (expected !== undefined) return expected;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  throw new Error('the question has no expectation');
}

/** Deletes the repository with everything in it. Returns the reason if it cannot. */
async function deleteRepository(place: LivePlace, repositoryName: string): Promise<string | undefined> {
  try {
    await mustCall(place, 'DeleteRepository', { repositoryName, force: true });
    return undefined;
  } catch (error) {
    return describe(error);
  }
}
