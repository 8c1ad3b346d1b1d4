import { addEntries } from '../../../oci/change-index.ts';
import { readAnnotations } from '../../annotation-option.ts';
import type { CommandContext } from '../../command-context.ts';
import type { Outcome } from '../../output.ts';
import type { TransferOptions } from '../push/request.ts';
import { changeIndex, readChange, runChange } from './change.ts';
import { openMembers } from './open-members.ts';
import { type MemberOptions, readChoice, readMembers } from './read-members.ts';

/** The options of `ecrp index add`, as commander gives them. */
export type IndexAddOptions = MemberOptions &
  Omit<TransferOptions, 'ifExists' | 'byDigest' | 'createRepo' | 'catalog' | 'resourceTag'>;

/** Adds images to the index under a tag. An entry of the same platform is replaced. */
export async function addToIndex(
  context: CommandContext,
  text: string,
  texts: readonly string[],
  options: IndexAddOptions,
): Promise<Outcome> {
  const change = await readChange(context, 'index add', text, { ...options, ifExists: 'overwrite' });
  const { request, target } = change;
  const given = readMembers(context, texts, target, request.hosts);
  const annotations = readAnnotations(options.annotation ?? []);
  const choice = readChoice(options);
  return runChange(context, change, async (run, repository) => {
    const { members, close } = await openMembers(run, request, repository, given, choice);
    try {
      return await changeIndex(run, change, repository, { members, annotations }, (before, added) =>
        addEntries(before.entries, added),
      );
    } finally {
      await close();
    }
  });
}
