import { EcrpError } from '../../../errors.ts';
import { buildIndex } from '../../../oci/build-index.ts';
import { formatRepository, parseReference, type RegistryHosts } from '../../../oci/reference.ts';
import { readAnnotations } from '../../annotation-option.ts';
import type { CommandContext } from '../../command-context.ts';
import type { Outcome } from '../../output.ts';
import { findRegistryHosts, requireRegistryOf } from '../../service-address.ts';
import { chooseTarget } from '../push/choose-target.ts';
import { connectRepository, explainMissing } from '../push/connect-repository.ts';
import { runPush } from '../push/push-run.ts';
import { readTransfer, type TransferOptions } from '../push/request.ts';
import { openMembers } from './open-members.ts';
import { pushIndex } from './push-index.ts';
import { type MemberOptions, readChoice, readMembers } from './read-members.ts';

/** The options of `ecrp index create`, as commander gives them. */
export interface IndexCreateOptions extends TransferOptions, MemberOptions {}

/** Makes one index of archives and of images that are in the repository: sources → members → plan → send, the index last. */
export async function createIndex(
  context: CommandContext,
  text: string,
  texts: readonly string[],
  options: IndexCreateOptions,
): Promise<Outcome> {
  const hosts = findRegistryHosts(context);
  assertNamed(text, options, hosts);
  const request = await readTransfer(context, text, options);
  const chosen = chooseTarget(request.target, [], hosts);
  const given = readMembers(context, texts, chosen, hosts);
  const annotations = readAnnotations(options.annotation ?? []);
  const choice = readChoice(options);
  if (given.some(({ kind }) => kind === 'reference'))
    await requireRegistryOf(context, 'index create', chosen);
  return runPush(context, request, { name: text, all: false }, async (run) => {
    const { session, progress } = run;
    const repository = await connectRepository(context, session, progress, request, chosen);
    try {
      const { members, close } = await openMembers(run, request, repository, given, choice);
      try {
        const result = await pushIndex(run, request, repository, members, (entries) => ({
          manifest: buildIndex(entries, annotations),
          entries,
        }));
        return [{ name: text, result }];
      } finally {
        await close();
      }
    } catch (error) {
      throw await explainMissing(error, session, repository, context.io.signal);
    }
  });
}

/** `latest` is meant silently in a push only. */
function assertNamed(text: string, { byDigest = false }: IndexCreateOptions, hosts: RegistryHosts): void {
  const { imageTag, imageDigest, ...repository } = parseReference(text, hosts);
  if (byDigest || imageTag !== undefined || imageDigest !== undefined) return;
  const name = formatRepository(repository);
  throw new EcrpError('USAGE', `${name} names no tag for the index`, {
    hint: `Write ${name}:TAG, or give --by-digest.`,
  });
}
