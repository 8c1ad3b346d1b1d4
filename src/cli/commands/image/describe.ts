import { runPool } from '../../../async/pool.ts';
import type { ReadManifest } from '../../../ends/image-target.ts';
import { EcrpError } from '../../../errors.ts';
import { isImageConfig, MAX_CONFIG_BYTES } from '../../../oci/config.ts';
import { type ConfigSummary, summarizeConfig } from '../../../oci/config-summary.ts';
import type { Content, Descriptor } from '../../../oci/descriptor.ts';
import { isDigest } from '../../../oci/digest.ts';
import { type AddressedRepository, parseImageAddress } from '../../../oci/image-address.ts';
import { type ImageManifest, parseManifest } from '../../../oci/manifest.ts';
import { isIndex, isManifest } from '../../../oci/media-types.ts';
import { isSameRegistryHost } from '../../../oci/reference.ts';
import type { RemoteRepository } from '../../../registry/remote-repository.ts';
import type { CommandContext } from '../../command-context.ts';
import { findResultWidth } from '../../format.ts';
import { openRemoteRepository } from '../../open-remote.ts';
import type { Outcome } from '../../output.ts';
import { findRegistryHosts, requireRegistryHost } from '../../service-address.ts';
import {
  type ChildDescription,
  type ImageDescription,
  listImageDescription,
  viewImageDescription,
} from './describe-view.ts';

/** Children that are read at the same time. */
const CONCURRENCY = 4;
/** Most children that are read. The others are listed with what the index says. */
const MOST_READ = 50;

/** Describes an image of any registry: of private ECR through its API, of others through `/v2/`, anonymously where that is possible. */
export async function describeImage(context: CommandContext, text: string): Promise<Outcome> {
  const hosts = findRegistryHosts(context);
  const {
    imageDigest,
    imageTag = imageDigest === undefined ? 'latest' : undefined,
    ...repository
  } = parseImageAddress(text, hosts);
  const isOwn = isSameRegistryHost(repository.registryHost, hosts.registryHost);
  if (isOwn) await requireRegistryHost(context, 'image describe');
  const { signal } = context.io;
  const remote = await openRemoteRepository(context, repository, { command: 'image describe' });
  try {
    const reader = prepareReading(remote, signal);
    const found = await reader.readManifest(imageDigest ?? imageTag ?? '');
    if (imageDigest !== undefined && imageTag !== undefined)
      await assertTagPoints(remote, imageTag, found, signal);
    const named = {
      reference: `${remote.name}${imageTag ? `:${imageTag}` : ''}${imageDigest ? `@${imageDigest}` : ''}`,
      repositoryName: nameRepository(remote, repository, isOwn),
    };
    const description = await describeManifest(context, reader, found, named);
    return {
      result: listImageDescription(description),
      view: viewImageDescription(description, findResultWidth(context.io)),
    };
  } finally {
    remote.close();
  }
}

/** The name without the host and, in ECR Public, without the alias. */
function nameRepository(
  { name }: RemoteRepository,
  { registryHost }: AddressedRepository,
  isOwn: boolean,
): string {
  const path = name.slice(registryHost.length + 1);
  return isOwn ? path.slice(path.indexOf('/') + 1) : path;
}

/** Reads the documents of one image. */
interface DocumentReader {
  readonly name: string;
  /** Undefined if it does not exist. */
  findManifest(reference: string): Promise<ReadManifest | undefined>;
  /** Throws NOT_FOUND. */
  readManifest(reference: string): Promise<ReadManifest>;
  readConfig(content: Content): Promise<Buffer>;
}

function prepareReading(remote: RemoteRepository, signal: AbortSignal): DocumentReader {
  const { name } = remote;
  return {
    name,
    findManifest: (reference) => remote.readManifest(reference, signal),
    async readManifest(reference) {
      const found = await remote.readManifest(reference, signal);
      if (found !== undefined) return found;
      const what = isDigest(reference) ? 'the manifest' : 'the tag';
      throw new EcrpError('NOT_FOUND', `${name}: ${what} ${reference} does not exist`, {
        hint: `'ecrp image list ${name}' shows what is there.`,
      });
    },
    readConfig: (content) => remote.readBlob(content, MAX_CONFIG_BYTES, signal),
  };
}

async function assertTagPoints(
  remote: RemoteRepository,
  imageTag: string,
  { digest }: ReadManifest,
  signal: AbortSignal,
): Promise<void> {
  const tagged = await remote.findDigest(imageTag, signal);
  if (tagged === digest) return;
  const where = tagged === undefined ? 'does not exist' : `is on ${tagged}, not on ${digest}`;
  throw new EcrpError(
    tagged === undefined ? 'NOT_FOUND' : 'CONFLICT',
    `${remote.name}: the tag ${imageTag} ${where}`,
    { hint: 'Leave out the tag or the digest.' },
  );
}

async function describeManifest(
  { io }: CommandContext,
  reader: DocumentReader,
  { bytes, digest, mediaType }: ReadManifest,
  named: Pick<ImageDescription, 'reference' | 'repositoryName'>,
): Promise<ImageDescription> {
  if (!isIndex(mediaType) && !isManifest(mediaType)) {
    const what = mediaType === '' ? 'a document without a media type' : mediaType;
    throw new EcrpError('INVALID_INPUT', `${named.reference} is ${what}, which ecrp cannot describe`, {
      hint: 'It describes OCI and Docker images and indexes.',
    });
  }
  const manifest = parseManifest(bytes, mediaType, reader.name);
  const children: ChildDescription[] = [];
  if (manifest.kind === 'index') {
    await runPool(manifest.manifests.entries(), CONCURRENCY, io.signal, async ([position, descriptor]) => {
      children[position] = await describeChild(reader, descriptor, position < MOST_READ);
    });
  }
  const config = manifest.kind === 'image' ? await readConfig(reader, manifest) : undefined;
  return { ...named, imageDigest: digest, manifest, config, children };
}

async function describeChild(
  reader: DocumentReader,
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
  reader: DocumentReader,
  { config }: ImageManifest,
): Promise<ConfigSummary | undefined> {
  if (!isImageConfig(config.mediaType)) return undefined;
  return summarizeConfig(await reader.readConfig(config), `${reader.name}: image config ${config.digest}`);
}
