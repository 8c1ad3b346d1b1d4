import type { ImageSource } from '../../../ends/image-source.ts';
import { EcrpError } from '../../../errors.ts';
import { quoteForShell } from '../../../foreign-text.ts';
import { isAttestation } from '../../../oci/attestation.ts';
import { formatPlatform, identifyPlatform, type Platform } from '../../../oci/platform.ts';
import { isSameRegistry } from '../../own-registry.ts';
import { requireNamedRepository } from '../image/place.ts';
import { openRepository, type RepositoryReader } from '../image/reading.ts';
import { chooseImage } from '../push/choose-image.ts';
import type { ConnectedRepository } from '../push/connect-repository.ts';
import { openGivenSource } from '../push/open-given-source.ts';
import type { PushRun } from '../push/push-run.ts';
import type { TransferRequest } from '../push/request.ts';
import { listReferenced } from './list-referenced.ts';
import { type IndexMember, listSourceMembers } from './list-source-members.ts';
import type { GivenMember, GivenReference, GivenSource, MemberChoice } from './read-members.ts';

/** The images that an index will list. */
export interface OpenedMembers {
  readonly members: readonly IndexMember[];
  /** Closes the sources. */
  close(): Promise<void>;
}

/**
 * Opens the sources and finds the references that a command line names, in its order. Sources come first: what is wrong with them costs no
 * question to the registry. Throws USAGE if two images are for one platform.
 */
export async function openMembers(
  run: PushRun,
  request: TransferRequest,
  repository: ConnectedRepository,
  given: readonly GivenMember[],
  choice: MemberChoice,
): Promise<OpenedMembers> {
  const sources: ImageSource[] = [];
  const close = async (): Promise<void> => {
    for (const source of sources) await source.close();
  };
  try {
    const found = new Map<GivenMember, readonly IndexMember[]>();
    for (const each of given) {
      if (each.kind !== 'source') continue;
      const source = await openMemberSource(run, request, each, choice);
      sources.push(source);
      found.set(each, await listSource(source, each, choice));
    }
    const references = given.filter((each) => each.kind === 'reference');
    const reader = await openReferences(run, repository, references);
    for (const each of references) {
      if (reader === undefined) break;
      const { signal } = run.context.io;
      found.set(each, await listReferenced(repository, reader, each, choice.kept, signal));
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

/** Opens the repository for reading if there are references. Throws USAGE if one of them is in another registry. */
async function openReferences(
  { context, session }: PushRun,
  { chosen }: ConnectedRepository,
  references: readonly GivenReference[],
): Promise<RepositoryReader | undefined> {
  if (references.length === 0) return undefined;
  const { signal } = context.io;
  for (const { name, reference } of references) {
    if (reference.registryAlias === chosen.registryAlias) continue;
    if (await isSameRegistry(session, chosen, reference, signal)) continue;
    throw new EcrpError('USAGE', `${name} is in another registry than the index`, {
      hint: `An index lists images of its own repository: push the image to ${chosen.repositoryName} first.`,
    });
  }
  return openRepository(context, session, await requireNamedRepository(context, session, chosen));
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
