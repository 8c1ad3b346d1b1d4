import { runPool } from '../../../async/pool.ts';
import type { ReadManifest } from '../../../ends/image-target.ts';
import { EcrpError } from '../../../errors.ts';
import { isImageConfig, MAX_CONFIG_BYTES } from '../../../oci/config.ts';
import { type ConfigSummary, summarizeConfig } from '../../../oci/config-summary.ts';
import type { Descriptor } from '../../../oci/descriptor.ts';
import { type ImageManifest, parseManifest } from '../../../oci/manifest.ts';
import { isIndex, isManifest } from '../../../oci/media-types.ts';
import { formatReference, parseReference, type Reference } from '../../../oci/reference.ts';
import type { CommandContext } from '../../command-context.ts';
import { withEcr } from '../../ecr-session.ts';
import { findResultWidth } from '../../format.ts';
import type { Outcome } from '../../output.ts';
import { findRegistryHost, requireRegistryHost } from '../../service-address.ts';
import {
  type ChildDescription,
  type ImageDescription,
  listImageDescription,
  viewImageDescription,
} from './describe-view.ts';
import { requireNamedRepository } from './place.ts';
import { openRepository, type RepositoryReader } from './reading.ts';

/** Children that are read at the same time. */
const CONCURRENCY = 4;
/** Most children that are read. The others are listed with what the index says. */
const MOST_READ = 50;

/** Describes an image of ECR Public through `/v2/`, anonymously where that is possible. */
export async function describeImage(context: CommandContext, text: string): Promise<Outcome> {
  const given = parseReference(text, findRegistryHost(context));
  await requireRegistryHost(context, 'image describe');
  const wanted = given.imageDigest ?? given.imageTag ?? 'latest';
  return withEcr(context, async (session) => {
    const named = await requireNamedRepository(context, session, given);
    const reader = openRepository(context, session, named);
    const found = await reader.readManifest(wanted);
    if (given.imageDigest !== undefined && given.imageTag !== undefined) {
      await assertTagPoints(reader, given.imageTag, found);
    }
    const { imageDigest, imageTag } = given;
    const reference = {
      ...named,
      ...(imageDigest === undefined
        ? { imageTag: imageTag ?? 'latest' }
        : { imageDigest, ...(imageTag && { imageTag }) }),
    };
    const description = await describeManifest(context, reader, found, reference);
    return {
      result: listImageDescription(description),
      view: viewImageDescription(description, findResultWidth(context.io)),
    };
  });
}

async function assertTagPoints(
  reader: RepositoryReader,
  imageTag: string,
  { digest }: ReadManifest,
): Promise<void> {
  const tagged = await reader.readManifest(imageTag);
  if (tagged.digest === digest) return;
  throw new EcrpError(
    'CONFLICT',
    `${reader.name}: the tag ${imageTag} is on ${tagged.digest}, not on ${digest}`,
    {
      hint: 'Leave out the tag or the digest.',
    },
  );
}

async function describeManifest(
  { io }: CommandContext,
  reader: RepositoryReader,
  { bytes, digest, mediaType }: ReadManifest,
  reference: Reference,
): Promise<ImageDescription> {
  if (!isIndex(mediaType) && !isManifest(mediaType)) {
    const what = mediaType === '' ? 'a document without a media type' : mediaType;
    throw new EcrpError(
      'INVALID_INPUT',
      `${formatReference(reference)} is ${what}, which ecrp cannot describe`,
      {
        hint: 'It describes OCI and Docker images and indexes.',
      },
    );
  }
  const manifest = parseManifest(bytes, mediaType, reader.name);
  const children: ChildDescription[] = [];
  if (manifest.kind === 'index') {
    await runPool(manifest.manifests.entries(), CONCURRENCY, io.signal, async ([position, descriptor]) => {
      children[position] = await describeChild(reader, descriptor, position < MOST_READ);
    });
  }
  const config = manifest.kind === 'image' ? await readConfig(reader, manifest) : undefined;
  return { reference, imageDigest: digest, manifest, config, children };
}

async function describeChild(
  reader: RepositoryReader,
  descriptor: Descriptor,
  isRead: boolean,
): Promise<ChildDescription> {
  const { digest, mediaType, platform } = descriptor;
  const isImage = isManifest(mediaType) && platform?.os !== 'unknown';
  const found = isRead && isImage ? await reader.findManifest(digest) : undefined;
  const manifest = found && parseManifest(found.bytes, mediaType, reader.name);
  if (manifest?.kind !== 'image') return { descriptor, manifest: undefined, config: undefined };
  return { descriptor, manifest, config: await readConfig(reader, manifest) };
}

async function readConfig(
  reader: RepositoryReader,
  { config: { mediaType, digest } }: ImageManifest,
): Promise<ConfigSummary | undefined> {
  if (!isImageConfig(mediaType)) return undefined;
  const bytes = await reader.readBlob(digest, MAX_CONFIG_BYTES);
  return summarizeConfig(bytes, `${reader.name}: image config ${digest}`);
}
