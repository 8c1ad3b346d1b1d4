import type { ImageSource } from '../../../ends/image-source.ts';
import { EcrpError } from '../../../errors.ts';
import { quoteForShell } from '../../../foreign-text.ts';
import { isAttestation } from '../../../oci/attestation.ts';
import { parseImageAddress } from '../../../oci/image-address.ts';
import { formatPlatform, identifyPlatform, type Platform } from '../../../oci/platform.ts';
import { isSameRegistry } from '../../own-registry.ts';
import { openNamedRepository } from '../image/open-repository.ts';
import type { RepositoryReader } from '../image/reading.ts';
import { chooseImage } from '../push/choose-image.ts';
import type { ConnectedRepository } from '../push/connect-repository.ts';
import { openGivenSource } from '../push/open-given-source.ts';
import type { PushRun } from '../push/push-run.ts';
import type { TransferRequest } from '../push/request.ts';
import { listReferenced } from './list-referenced.ts';
import { type IndexMember, listSourceMembers } from './list-source-members.ts';
import type { GivenAddress, GivenMember, GivenReference, GivenSource, MemberChoice } from './read-members.ts';

/** The images that an index will list. */
export interface OpenedMembers {
  readonly members: readonly IndexMember[];
  /** Closes the sources. */
  close(): Promise<void>;
}

/**
 * Opens the sources and finds the references that a command line names, in its order. Sources come first: what is wrong with them costs no
 * question to a registry. An image of another repository is copied with the index. Throws USAGE if two images are for one platform.
 */
export async function openMembers(
  run: PushRun,
  request: TransferRequest,
  repository: ConnectedRepository,
  given: readonly GivenMember[],
  choice: MemberChoice,
): Promise<OpenedMembers> {
  const opened: { close(): void | Promise<void> }[] = [];
  const close = async (): Promise<void> => {
    for (const each of opened) await each.close();
  };
  try {
    const found = new Map<GivenMember, readonly IndexMember[]>();
    for (const each of given) {
      if (each.kind !== 'source') continue;
      const source = await openMemberSource(run, request, each, choice);
      opened.push(source);
      found.set(each, await listSource(source, each, choice));
    }
    const reader = await openReferences(run, repository, given);
    for (const each of given) {
      if (each.kind === 'source') continue;
      const address = await findAddress(run, request, repository, each);
      if (address === undefined) {
        if (each.kind !== 'reference' || reader === undefined) continue;
        const { signal } = run.context.io;
        found.set(each, await listReferenced(repository, reader, each, choice.kept, signal));
        continue;
      }
      const { listAddressed } = await import('./list-addressed.ts');
      const addressed = await listAddressed(run, request, address, choice);
      opened.push(addressed);
      found.set(each, addressed.members);
    }
    const members = given.flatMap((each) => found.get(each) ?? []);
    assertDistinct(members);
    return { members, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Opens a source as a push of it would. */
function openMemberSource(
  { context }: PushRun,
  request: TransferRequest,
  { name, platform }: GivenSource,
  { image, all, kept }: MemberChoice,
): Promise<ImageSource> {
  const selection = { platforms: platform === undefined ? [] : [platform], ...kept };
  return openGivenSource(context, { ...request, source: name, image, all, selection });
}

async function listSource(
  source: ImageSource,
  { name, platform }: GivenSource,
  { image, all, kept }: MemberChoice,
): Promise<readonly IndexMember[]> {
  const wish = { name, platform, ...kept };
  const [only, ...others] = source.images;
  if (only !== undefined && others.length === 0) return listSourceMembers(source, only, wish);
  if (!all) return listSourceMembers(source, await chooseImage(source, image), wish);
  const members: IndexMember[] = [];
  for (const each of source.images) members.push(...(await listSourceMembers(source, each, wish)));
  return members;
}

/** Opens the repository for reading if there are references to it. */
async function openReferences(
  { context, session }: PushRun,
  { chosen }: ConnectedRepository,
  given: readonly GivenMember[],
): Promise<RepositoryReader | undefined> {
  if (!given.some(({ kind }) => kind === 'reference')) return undefined;
  return openNamedRepository(context, session, chosen);
}

/** Undefined for an image of the repository itself. A repository of the same name may be in another registry. */
async function findAddress(
  { context, session }: PushRun,
  { hosts }: TransferRequest,
  { chosen }: ConnectedRepository,
  given: GivenReference | GivenAddress,
): Promise<GivenAddress | undefined> {
  if (given.kind === 'address') return given;
  const { name, platform, reference } = given;
  if (reference.registryAlias === chosen.registryAlias) return undefined;
  if (await isSameRegistry(session, chosen, reference, context.io.signal)) return undefined;
  return { kind: 'address', name, platform, address: parseImageAddress(name, hosts) };
}

function assertDistinct(members: readonly IndexMember[]): void {
  const seen = new Map<string, IndexMember>();
  for (const member of members) {
    const { platform, entry } = member;
    if (platform === undefined || (entry !== undefined && isAttestation(entry.descriptor))) continue;
    const key = identifyPlatform(platform);
    const other = seen.get(key);
    if (other !== undefined) throw refuseSame(other, member, platform);
    seen.set(key, member);
  }
}

function refuseSame(one: IndexMember, other: IndexMember, platform: Platform): EcrpError {
  const version = platform['os.version'];
  const example = platform.architecture === 'amd64' ? 'arm64' : 'amd64';
  const named = `${formatPlatform(platform)}${version === undefined ? '' : ` (${version})`}`;
  const names =
    one.name === other.name ? `two images of ${one.name} are` : `${one.name} and ${other.name} are both`;
  return new EcrpError('USAGE', `${names} for ${named}, and an index has one image for each platform`, {
    hint: `Leave one of them out, or say what it is: ${quoteForShell(`${other.name}=${platform.os}/${example}`)}`,
  });
}
