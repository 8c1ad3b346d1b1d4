import {
  type ImageDetail,
  type ImageTagDetail,
  listImagePages,
  listImageTagPages,
  listTagsOfImages,
} from '../../../ecr/images.ts';
import type { RepositoryAddress } from '../../../ecr/repositories.ts';
import { type AddressedRepository, parseAddressedRepository } from '../../../oci/image-address.ts';
import { formatRepository, isSameRegistryHost } from '../../../oci/reference.ts';
import { listTagPages } from '../../../registry/list-tags.ts';
import type { CommandContext } from '../../command-context.ts';
import { type EcrSession, withEcr } from '../../ecr-session.ts';
import { findResultWidth } from '../../format.ts';
import { openRemoteRepository } from '../../open-remote.ts';
import type { Outcome, ResultMembers } from '../../output.ts';
import { readRepository } from '../../own-registry.ts';
import { findRegistryHosts, requireRegistryHost } from '../../service-address.ts';
import { eachItem } from './each-item.ts';
import { collectImages } from './image-columns.ts';
import {
  compactTag,
  type ImageListStyle,
  listImageMembers,
  listTagMembers,
  type TagRow,
  viewImages,
  viewTagRows,
} from './list-view.ts';
import { findReadableAddress, type NamedRepository, nameRepository } from './place.ts';
import { prepareReading } from './reading.ts';

export interface ImageListOptions {
  readonly tags?: boolean;
}

/** Lists the images or tags of a repository. Keeps in memory what a table needs, and with `--json` one page. */
export async function listImages(
  context: CommandContext,
  name: string,
  { tags: byTag = false }: ImageListOptions,
): Promise<Outcome> {
  const hosts = findRegistryHosts(context);
  const repository = parseAddressedRepository(name, hosts);
  const isEcr =
    repository.privateRegistry !== undefined ||
    isSameRegistryHost(repository.registryHost, hosts.registryHost);
  if (!isEcr) return listOtherTags(context, repository);
  const reference = readRepository(context, name);
  const { signal } = context.io;
  return withEcr(
    context,
    async (session) => {
      const address = await findReadableAddress(session, reference, signal);
      const named = await nameRepository(context, session, reference);
      if (address === undefined && named !== undefined) return listPublicTags(context, session, named);
      const own = address ?? { repositoryName: reference.repositoryName };
      return byTag ? listTags(context, session, own, named) : listDetails(context, session, own, named);
    },
    { place: reference },
  );
}

async function listDetails(
  context: CommandContext,
  { client }: EcrSession,
  address: RepositoryAddress,
  named: NamedRepository | undefined,
): Promise<Outcome> {
  const pages = listImagePages(client, address, context.io.signal);
  if (context.style.json)
    return publish(
      context,
      named && formatRepository(named),
      'imageDetails',
      eachItem(pages),
      listImageMembers,
    );
  const images = await collectImages(pages);
  if (images.length === 0) return sayNone(context, 'images', address.repositoryName);
  return { lines: viewImages(images, findStyle(context, named)) };
}

async function listTags(
  context: CommandContext,
  { client }: EcrSession,
  address: RepositoryAddress,
  named: NamedRepository | undefined,
): Promise<Outcome> {
  const { signal } = context.io;
  const tags = eachItem(
    named?.privateRegistry === undefined
      ? listImageTagPages(client, address, signal)
      : listTagsOfImages(listImagePages(client, address, signal)),
  );
  if (context.style.json)
    return publish(context, named && formatRepository(named), 'imageTagDetails', tags, listTagMembers);
  const rows: TagRow[] = [];
  for await (const tag of tags) rows.push(compactTag(tag));
  if (rows.length === 0) return sayNone(context, 'tags', address.repositoryName);
  return { lines: viewTagRows(rows, findStyle(context, named)) };
}

/** Lists the tags of another publisher's repository. Its registry says no more, and to anybody. */
async function listPublicTags(
  context: CommandContext,
  { client }: EcrSession,
  named: NamedRepository,
): Promise<Outcome> {
  await requireRegistryHost(context, 'image list');
  const options = prepareReading(context);
  return publishTags(context, formatRepository(named), listTagPages(client.connections, named, options));
}

/** Lists the tags of a repository of another registry. */
async function listOtherTags(context: CommandContext, repository: AddressedRepository): Promise<Outcome> {
  const remote = await openRemoteRepository(context, repository, { command: 'image list' });
  try {
    return await publishTags(context, remote.name, remote.listTagPages(context.io.signal));
  } finally {
    remote.close();
  }
}

/** Publishes what `tags/list` says. `name`: `HOST/PATH`. */
async function publishTags(
  context: CommandContext,
  name: string,
  pages: AsyncGenerator<readonly string[]>,
): Promise<Outcome> {
  const tags = eachItem(watchPages(context, name.slice(0, name.indexOf('/')), pages));
  if (context.style.json)
    return publish(context, name, 'imageTagDetails', tags, (imageTag) => ({ imageTag }));
  context.messages.note(`${name} is not in your registry: it shows its tags only.`);
  const rows: TagRow[] = [];
  for await (const imageTag of tags) rows.push({ imageTag });
  if (rows.length === 0) return sayNone(context, 'tags', name);
  return { lines: viewTagRows(rows, { name, width: findResultWidth(context.io) }) };
}

function findStyle({ io }: CommandContext, named: NamedRepository | undefined): ImageListStyle {
  return { name: named && formatRepository(named), width: findResultWidth(io) };
}

async function* watchPages<Page>(
  { waiting }: CommandContext,
  registryHost: string,
  pages: AsyncGenerator<Page>,
): AsyncGenerator<Page> {
  const ask = () => waiting.during(`${registryHost} (the list of tags)`, () => pages.next());
  for (let next = await ask(); !next.done; next = await ask()) yield next.value;
}

function publish<Item extends ImageDetail | ImageTagDetail | string>(
  { publishList }: CommandContext,
  name: string | undefined,
  member: 'imageDetails' | 'imageTagDetails',
  items: AsyncIterable<Item>,
  toMembers: (item: Item) => ResultMembers,
): Promise<Outcome> {
  async function* describeEach(): AsyncGenerator<ResultMembers> {
    for await (const item of items) yield toMembers(item);
  }
  const head = name === undefined ? undefined : { repositoryUri: name };
  return publishList({ head, member, items: describeEach() });
}

function sayNone({ messages }: CommandContext, what: string, name: string): Outcome {
  messages.note(`${name} has no ${what}.`);
  return {};
}
