import { EcrpError } from '../../../errors.ts';
import { quoteText } from '../../../foreign-text.ts';
import { searchCosignTags } from '../../../registry/source/cosign-tags.ts';
import { addTravelling } from '../../../registry/source/find-travelling.ts';
import { ManifestCache } from '../../../registry/source/manifest-cache.ts';
import { openRegistrySource } from '../../../registry/source/open-registry-source.ts';
import { openRemoteRepository } from '../../open-remote.ts';
import { PUSH_BUDGET_MS } from '../push/push-budget.ts';
import type { PushRun } from '../push/push-run.ts';
import type { TransferRequest } from '../push/request.ts';
import { type IndexMember, listSourceMembers } from './list-source-members.ts';
import type { GivenAddress, MemberChoice } from './read-members.ts';

/** What an image of another repository contributes to an index. It is copied, so its repository stays open until the index is put. */
export interface AddressedMembers {
  readonly members: readonly IndexMember[];
  close(): void;
}

/**
 * Opens an image of another repository or registry: the image, or the images of an index with their attestations and what refers to them.
 * Throws NOT_FOUND for what is neither a file nor there.
 */
export async function listAddressed(
  { context, session }: PushRun,
  { concurrency }: TransferRequest,
  { name, platform, address }: GivenAddress,
  { kept }: MemberChoice,
): Promise<AddressedMembers> {
  const { signal } = context.io;
  const { imageTag = '', imageDigest, ...repository } = address;
  const remote = await openRemoteRepository(context, repository, {
    command: 'index create',
    session,
    concurrency,
    defaultBudgetMs: PUSH_BUDGET_MS,
  });
  const manifests = new ManifestCache(remote, signal);
  const close = (): void => {
    manifests.close();
    remote.close();
  };
  try {
    const cosign = kept.referrers === 'drop' ? undefined : searchCosignTags(remote, signal);
    const digest = await remote.findDigest(imageDigest ?? imageTag, signal);
    if (digest === undefined) {
      throw new EcrpError('NOT_FOUND', `${quoteText(name)} is neither a file nor an image that is there`, {
        hint: `'ecrp image list ${remote.name}' shows the tags.`,
      });
    }
    const source = await openRegistrySource(manifests, { digest, names: [name] });
    const [image] = source.images;
    if (image?.kind !== 'manifest') throw new TypeError('a registry source without a manifest');
    const whole = await addTravelling({ manifests, cosign, signal }, digest, source, image);
    return { members: await listSourceMembers(source, whole, { name, platform, ...kept }), close };
  } catch (error) {
    close();
    throw error;
  }
}
