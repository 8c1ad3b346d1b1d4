import { assertTagKey, parseResourceTags } from '../../../catalog/resource-tags.ts';
import { describeRepository, type Repository } from '../../../ecr/repositories.ts';
import { addResourceTags, listResourceTags, removeResourceTags } from '../../../ecr/resource-tags.ts';
import { EcrpError } from '../../../errors.ts';
import { listNames, quoteText } from '../../../foreign-text.ts';
import { MAX_RESOURCE_TAGS } from '../../../wire/limits.ts';
import type { ResourceTag } from '../../../wire/operations.ts';
import type { CommandContext } from '../../command-context.ts';
import { type EcrSession, withEcr } from '../../ecr-session.ts';
import { findResultWidth, formatTable } from '../../format.ts';
import type { Outcome, ResultMembers } from '../../output.ts';
import { readRepository, resolveRepository } from '../../own-registry.ts';

export async function listTags(context: CommandContext, name: string): Promise<Outcome> {
  const { repository, tags } = await withTags(context, name, async (given) => given);
  if (tags.length === 0) context.messages.note(`The repository ${name} has no resource tags.`);
  return {
    result: listTagMembers(repository, tags),
    view:
      tags.length === 0
        ? ''
        : formatTable(
            ['KEY', 'VALUE'],
            tags.map(({ Key, Value }) => [Key, Value]),
            findResultWidth(context.io),
          ),
  };
}

export async function addTags(
  context: CommandContext,
  name: string,
  texts: readonly string[],
): Promise<Outcome> {
  const { tags: given, warnings } = parseResourceTags(texts);
  for (const warning of warnings) context.messages.warn(warning);
  const { signal } = context.io;
  return withTags(context, name, async ({ session, repository, tags }) => {
    const values = new Map(tags.map(({ Key, Value }) => [Key, Value]));
    const news = given.filter(({ Key, Value }) => values.get(Key) !== Value);
    const all = [...new Map([...tags, ...news].map((tag) => [tag.Key, tag])).values()];
    assertRoom(all, name);
    if (news.length > 0) await addResourceTags(session.client, repository, news, signal);
    else
      context.messages.note(`The repository ${name} has these resource tags already. Nothing was changed.`);
    const view = news.map(({ Key, Value }) => {
      const before = values.get(Key);
      return before === undefined ? `added ${Key}=${Value}` : `changed ${Key}=${Value}, which was ${before}`;
    });
    const status = news.length > 0 ? 'changed' : 'unchanged';
    return { result: { ...listTagMembers(repository, all), status }, view };
  });
}

/** AWS's own tags do not count. Source: ECR Public user guide, "Tag restrictions". */
function assertRoom(tags: readonly ResourceTag[], name: string): void {
  const own = tags.filter(({ Key }) => !/^aws:/i.test(Key));
  if (own.length <= MAX_RESOURCE_TAGS) return;
  throw new EcrpError(
    'LIMIT',
    `the repository ${name} would have ${own.length} resource tags; ${MAX_RESOURCE_TAGS} are allowed`,
    { hint: `Remove some first: 'ecrp resource-tag remove ${name} KEY'. Nothing was changed.` },
  );
}

export async function removeTags(
  context: CommandContext,
  name: string,
  keys: readonly string[],
): Promise<Outcome> {
  for (const key of keys) assertTagKey(key);
  const { signal } = context.io;
  return withTags(context, name, async ({ session, repository, tags }) => {
    const removed = tags.filter(({ Key }) => keys.includes(Key));
    const left = tags.filter(({ Key }) => !keys.includes(Key));
    const unknown = [...new Set(keys)].filter((key) => tags.every(({ Key }) => Key !== key));
    if (removed.length > 0) {
      const present = removed.map(({ Key }) => Key);
      await removeResourceTags(session.client, repository, present, signal);
    }
    if (unknown.length > 0) context.messages.note(describeUnknown(name, unknown, tags));
    const status = removed.length > 0 ? 'changed' : 'unchanged';
    return {
      result: { ...listTagMembers(repository, left), status },
      view: removed.map(({ Key, Value }) => `removed ${Key}=${Value}`),
    };
  });
}

/** `remove app team=web` means the key `team`. */
function describeUnknown(name: string, unknown: readonly string[], tags: readonly ResourceTag[]): string {
  const meant = unknown.flatMap((key) => tags.filter(({ Key }) => key.startsWith(`${Key}=`)));
  const advice = meant.length > 0 ? ` Give the key alone: ${listNames(meant.map(({ Key }) => Key))}.` : '';
  return `The repository ${name} has no resource tag ${listNames(unknown.map(quoteText))}.${advice}`;
}

interface TaggedRepository {
  readonly session: EcrSession;
  readonly repository: Repository;
  readonly tags: readonly ResourceTag[];
}

/** Finds a repository and its tags. The API wants the ARN, which only the service knows. */
async function withTags<T>(
  context: CommandContext,
  name: string,
  use: (given: TaggedRepository) => Promise<T>,
): Promise<T> {
  const reference = readRepository(context, name);
  const { signal } = context.io;
  return withEcr(
    context,
    async (session) => {
      const address = await resolveRepository(session, reference, signal);
      const repository = await describeRepository(session.client, address, signal);
      return use({ session, repository, tags: await listResourceTags(session.client, repository, signal) });
    },
    { place: reference },
  );
}

function listTagMembers(
  { repositoryName, repositoryArn }: Repository,
  tags: readonly ResourceTag[],
): ResultMembers {
  return { repositoryName, repositoryArn, tags: tags.map(({ Key, Value }) => ({ Key, Value })) };
}
