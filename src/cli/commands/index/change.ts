import type { ReadManifest } from '../../../ends/image-target.ts';
import { EcrpError } from '../../../errors.ts';
import { isAttestation } from '../../../oci/attestation.ts';
import type { ChangedEntries } from '../../../oci/change-index.ts';
import type { Descriptor } from '../../../oci/descriptor.ts';
import type { Digest } from '../../../oci/digest.ts';
import {
  type IndexDocument,
  type IndexEntry,
  parseIndexDocument,
  rebuildIndex,
} from '../../../oci/index-document.ts';
import { isIndex } from '../../../oci/media-types.ts';
import { formatPlatform } from '../../../oci/platform.ts';
import { formatReference, formatRepository, parseReference, type Reference } from '../../../oci/reference.ts';
import type { CommandContext } from '../../command-context.ts';
import type { Outcome } from '../../output.ts';
import { findRegistryHosts, requireRegistryOf } from '../../service-address.ts';
import { findTagged } from '../image/find-tagged.ts';
import { openNamedRepository } from '../image/open-repository.ts';
import { type ChosenTarget, chooseTarget } from '../push/choose-target.ts';
import { type ConnectedRepository, connectRepository, explainMissing } from '../push/connect-repository.ts';
import { type PushRun, runPush } from '../push/push-run.ts';
import { readTransfer, type TransferOptions, type TransferRequest } from '../push/request.ts';
import type { PushedImage } from '../push/view.ts';
import type { IndexMember } from './list-source-members.ts';
import { type MakeIndex, pushIndex } from './push-index.ts';

type Annotations = Readonly<Record<string, string>>;

/** How often a change starts again because another client moved the tag meanwhile. */
const MOST_ATTEMPTS = 5;

/** The index that a command line names, and what it becomes. */
export interface IndexChange {
  /** `index add` */
  readonly command: string;
  /** The tag of the index; a digest says which index it must be on. */
  readonly reference: Reference & { readonly imageTag: string };
  readonly request: TransferRequest;
  readonly target: ChosenTarget;
}

/** Reads the command line of a change. Throws USAGE for a reference without a tag. */
export async function readChange(
  context: CommandContext,
  command: string,
  text: string,
  options: TransferOptions,
): Promise<IndexChange> {
  const hosts = findRegistryHosts(context);
  const reference = parseReference(text, hosts);
  const { imageTag, imageDigest: _, ...repository } = reference;
  if (imageTag === undefined) {
    const name = formatRepository(repository);
    throw new EcrpError('USAGE', `${text} names no tag, and a changed index needs one`, {
      hint: `Write ${name}:TAG. For a new index, 'ecrp index create' takes ${name}@DIGEST.`,
    });
  }
  const named = { ...repository, imageTag };
  const request = await readTransfer(context, formatReference(named), options);
  await requireRegistryOf(context, command, reference);
  const target = chooseTarget(request.target, [], hosts);
  return { command, reference: { ...reference, imageTag }, request, target };
}

/** What becomes of the entries of the index that is there. Throws if it cannot be changed so. */
export type EditEntries = (before: IndexDocument, added: readonly IndexEntry[]) => ChangedEntries;

export interface ChangedIndex {
  readonly pushed: PushedImage;
  readonly changed: ChangedEntries;
}

/** Connects to the repository of the index, runs `work`, and says what it changed. */
export async function runChange(
  context: CommandContext,
  change: IndexChange,
  work: (run: PushRun, repository: ConnectedRepository) => Promise<ChangedIndex>,
): Promise<Outcome> {
  const { request, target, reference } = change;
  const name = formatReference(reference);
  return runPush(context, request, { name, all: false }, async (run) => {
    const { session, progress } = run;
    const repository = await connectRepository(context, session, progress, request, target);
    try {
      const { pushed, changed } = await work(run, repository);
      for (const line of describeChange(changed, request.dryRun)) context.messages.note(line);
      return [{ name, result: pushed }];
    } catch (error) {
      throw await explainMissing(error, session, repository, context.io.signal);
    }
  });
}

/**
 * Makes a new index of the one that is there, and moves its tag. If another client has moved the tag meanwhile, it starts again with what is
 * there then, so that nothing of that is lost.
 */
export async function changeIndex(
  run: PushRun,
  { reference, request }: IndexChange,
  repository: ConnectedRepository,
  { members, annotations }: { readonly members: readonly IndexMember[]; readonly annotations: Annotations },
  edit: EditEntries,
): Promise<ChangedIndex> {
  const { context, session } = run;
  const { signal } = context.io;
  const { imageTag } = reference;
  const reader = await openNamedRepository(context, session, repository.chosen);
  for (let attempt = 1; ; attempt += 1) {
    const imageDigest = await findIndex(repository, reference, signal);
    const before = parseIndex(await reader.readManifest(imageDigest), reader.name, reference);
    let changed: ChangedEntries = { entries: before.entries, added: [], removed: [] };
    const makeIndex: MakeIndex = (added) => {
      changed = edit(before, added);
      const { entries } = changed;
      return { manifest: rebuildIndex(before, entries, annotations), entries };
    };
    try {
      const replaces = { imageTag, imageDigest };
      const pushed = await pushIndex(run, request, repository, members, makeIndex, replaces);
      return { pushed, changed };
    } catch (error) {
      const isConflict = error instanceof EcrpError && error.code === 'CONFLICT';
      if (!isConflict || attempt === MOST_ATTEMPTS || reference.imageDigest !== undefined) throw error;
      if ((await repository.target.locateTag(imageTag, signal)) === imageDigest) throw error;
      context.messages.note(`The tag ${imageTag} has moved meanwhile; starting again with what is there.`);
    }
  }
}

async function findIndex(
  { target }: ConnectedRepository,
  reference: Reference,
  signal: AbortSignal,
): Promise<Digest> {
  try {
    return await findTagged(target, reference, signal);
  } catch (error) {
    if (!(error instanceof EcrpError) || error.code !== 'NOT_FOUND') throw error;
    const { code, message } = error;
    throw new EcrpError(code, message, {
      hint: `'ecrp index create ${formatReference(reference)} …' makes a new index.`,
      cause: error,
    });
  }
}

/** Throws INVALID_INPUT for a single image. */
function parseIndex(
  { bytes, mediaType, digest }: ReadManifest,
  origin: string,
  reference: Reference,
): IndexDocument {
  if (isIndex(mediaType)) return parseIndexDocument(bytes, mediaType, origin);
  const name = formatReference(reference);
  const repository = formatRepository(reference);
  throw new EcrpError('INVALID_INPUT', `${name} is a single image, not an index`, {
    hint: `'ecrp index create ${name} ${repository}@${digest} …' makes an index that lists it.`,
  });
}

/** What changed, line by line. */
function describeChange({ added, removed }: ChangedEntries, dryRun: boolean): readonly string[] {
  const [adds, removes] = dryRun ? ['Would add', 'Would remove'] : ['Added', 'Removed'];
  const name = ({ descriptor }: IndexEntry): string => `${nameEntry(descriptor)} ${descriptor.digest}`;
  return [
    ...removed.map((entry) => `${removes} ${name(entry)}.`),
    ...added.map((entry) => `${adds} ${name(entry)}.`),
  ];
}

function nameEntry(descriptor: Descriptor): string {
  if (isAttestation(descriptor)) return 'the attestation';
  const { platform } = descriptor;
  return platform === undefined ? 'the entry' : formatPlatform(platform);
}
