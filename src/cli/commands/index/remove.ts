import { EcrpError } from '../../../errors.ts';
import { quoteText } from '../../../foreign-text.ts';
import { isAttestation } from '../../../oci/attestation.ts';
import { type ChangedEntries, removeEntries } from '../../../oci/change-index.ts';
import { type Digest, isDigest } from '../../../oci/digest.ts';
import type { IndexDocument, IndexEntry } from '../../../oci/index-document.ts';
import { formatPlatform, matchesPlatform, type Platform, parsePlatform } from '../../../oci/platform.ts';
import { formatReference } from '../../../oci/reference.ts';
import type { CommandContext } from '../../command-context.ts';
import type { Outcome } from '../../output.ts';
import type { TransferOptions } from '../push/request.ts';
import { changeIndex, type IndexChange, readChange, runChange } from './change.ts';

/** The options of `ecrp index remove`, as commander gives them. */
export type IndexRemoveOptions = Pick<TransferOptions, 'tag' | 'dryRun' | 'verify' | 'digestFile'>;

/** What stays as it is when nothing is sent. */
const NOTHING_SENT = {
  ifExists: 'overwrite',
  compression: 'gzip',
  remoteCache: false,
  resume: false,
  transport: 'api',
  concurrency: 4,
} as const;

/** What a command line asks to remove: a platform, or a digest. */
type Unwanted = { readonly text: string } & ({ readonly platform: Platform } | { readonly digest: Digest });

/** Removes entries from the index under a tag. The images stay in the repository. */
export async function removeFromIndex(
  context: CommandContext,
  text: string,
  texts: readonly string[],
  options: IndexRemoveOptions,
): Promise<Outcome> {
  const change = await readChange(context, 'index remove', text, { ...options, ...NOTHING_SENT });
  const unwanted = texts.map(readUnwanted);
  return runChange(context, change, async (run, repository) => {
    const changed = await changeIndex(run, change, repository, { members: [], annotations: {} }, (before) =>
      removeUnwanted(before, unwanted, change),
    );
    for (const each of unwanted) {
      if (changed.changed.removed.some((entry) => isUnwanted(entry, each))) continue;
      context.messages.note(`${formatReference(change.reference)} lists nothing for ${each.text}.`);
    }
    return changed;
  });
}

function readUnwanted(text: string): Unwanted {
  if (isDigest(text)) return { text, digest: text };
  if (/^sha256:|@/.test(text)) {
    throw new EcrpError('USAGE', `${quoteText(text)} is not a digest`, {
      hint: 'Write sha256: and 64 hexadecimal digits in lower case.',
    });
  }
  return { text, platform: parsePlatform(text) };
}

/** Throws CONFLICT if no image would be left. */
function removeUnwanted(
  { entries }: IndexDocument,
  unwanted: readonly Unwanted[],
  { reference }: IndexChange,
): ChangedEntries {
  const changed = removeEntries(entries, (entry) => unwanted.some((each) => isUnwanted(entry, each)));
  if (changed.entries.some(({ descriptor }) => !isAttestation(descriptor))) return changed;
  const name = formatReference(reference);
  const platforms = entries.flatMap(({ descriptor: { platform } }) => platform ?? []).map(formatPlatform);
  throw new EcrpError('CONFLICT', `${name} would list no image: it has ${platforms.join(', ')} only`, {
    hint: `'ecrp image delete ${name}' deletes the index.`,
  });
}

function isUnwanted({ descriptor }: IndexEntry, unwanted: Unwanted): boolean {
  if ('digest' in unwanted) return descriptor.digest === unwanted.digest;
  const { platform } = descriptor;
  return platform !== undefined && matchesPlatform(platform, unwanted.platform);
}
