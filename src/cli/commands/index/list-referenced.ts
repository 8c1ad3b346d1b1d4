import { EcrpError } from '../../../errors.ts';
import { quoteText } from '../../../foreign-text.ts';
import { MAX_CONFIG_BYTES } from '../../../oci/config.ts';
import type { Content } from '../../../oci/descriptor.ts';
import { formatRepository } from '../../../oci/reference.ts';
import { findTagged } from '../image/find-tagged.ts';
import type { RepositoryReader } from '../image/reading.ts';
import type { ConnectedRepository } from '../push/connect-repository.ts';
import { type IndexMember, listEntries } from './list-source-members.ts';
import type { GivenReference, MemberChoice } from './read-members.ts';

/**
 * Lists what an image of the repository contributes to an index: the image, or the images of an index with their attestations. Throws
 * NOT_FOUND for what is neither a file nor in the repository.
 */
export async function listReferenced(
  { target, chosen }: ConnectedRepository,
  reader: RepositoryReader,
  given: GivenReference,
  kept: MemberChoice['kept'],
  signal: AbortSignal,
): Promise<readonly IndexMember[]> {
  const { name, platform, reference } = given;
  const refuse = (cause: unknown): EcrpError =>
    new EcrpError(
      'NOT_FOUND',
      `${quoteText(name)} is neither a file nor an image in ${formatRepository(chosen)}`,
      {
        hint: `'ecrp image list ${formatRepository(chosen)}' shows the images.`,
        cause,
      },
    );
  let digest: Awaited<ReturnType<typeof findTagged>>;
  try {
    digest = await findTagged(target, reference, signal);
  } catch (error) {
    throw error instanceof EcrpError && error.code === 'NOT_FOUND' ? refuse(error) : error;
  }
  const found = await reader.findManifest(digest);
  if (found === undefined) throw refuse(undefined);
  const read = { [digest]: found.bytes };
  const reading = {
    path: reader.name,
    readManifest: async (descriptor: { readonly digest: typeof digest }) =>
      read[descriptor.digest] ?? (await reader.readManifest(descriptor.digest)).bytes,
    readConfig: (descriptor: Content) => reader.readBlob(descriptor, MAX_CONFIG_BYTES),
  };
  const root = { mediaType: found.mediaType, digest, size: found.bytes.length };
  const entries = await listEntries(reading, root, { name, platform, ...kept });
  return entries.map((entry) => ({ name, platform: entry.descriptor.platform, entry }));
}
