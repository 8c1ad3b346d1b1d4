import {
  checkImageName,
  type EngineImages,
  findImage,
  findTags,
} from '../../../docker/engine/engine-images.ts';
import { choosesPlatforms, type ImageStream, openImageStream } from '../../../docker/engine/image-stream.ts';
import { openEngine } from '../../../docker/engine/open-engine.ts';
import type { ImageSource } from '../../../ends/image-source.ts';
import { type Digest, isDigest } from '../../../oci/digest.ts';
import type { Platform } from '../../../oci/platform.ts';
import { findRegistryReferences, type RegistryHosts } from '../../../oci/reference.ts';
import { openArrivingTwice } from '../../../source/arriving/open-arriving.ts';
import type { OpenSourceOptions } from '../../../source/open-source.ts';
import { MAX_PLAIN_BYTES, openStreamSource } from '../../../source/open-stream.ts';
import type { CommandContext } from '../../command-context.ts';
import { lookForDockerConfig } from '../../directories.ts';
import { type Arrival, type BegunSource, findObstacle, findSourceOptions } from './arrival.ts';
import { dropEnginePrefix } from './check-source.ts';
import type { PushRequest } from './request.ts';

/** Images of an engine that has them. */
interface FoundImages {
  /** For messages: `docker:app:1.0`. */
  readonly name: string;
  /** Names for the target; undefined: those in the archive. */
  readonly names: readonly string[] | undefined;
  /** Whether the engine leaves out the platforms that are not chosen. */
  readonly choosesPlatforms: boolean;
  readonly diffIds: readonly Digest[];
  /** Asks for the archive. */
  openStream(): Promise<ImageStream>;
  close(): void;
}

/** What a command line says about it. */
interface EngineRequest {
  readonly source: string;
  readonly all?: boolean | undefined;
  readonly platforms?: readonly Platform[];
  /** The registry hosts, if the names of the image say where it goes. */
  readonly hostsOfNames?: RegistryHosts | undefined;
}

/** Opens images of an engine as a whole: their archive goes into a temporary file. The caller closes the source. */
export async function openEngineSource(
  context: CommandContext,
  { source, all }: Pick<EngineRequest, 'source' | 'all'>,
): Promise<ImageSource> {
  const found = await findImages(context, { source, all });
  return openWhole(found, findSourceOptions(context));
}

/** Connects to the engine. Its archive is sent while it arrives, unless it must be complete first: then it is opened. */
export async function beginEngineSource(context: CommandContext, request: PushRequest): Promise<BegunSource> {
  const { messages } = context;
  const options = findSourceOptions(context);
  const { source, all, target, hosts, selection } = request;
  const hostsOfNames = target.reference === undefined ? hosts : undefined;
  const found = await findImages(context, { source, all, platforms: selection.platforms, hostsOfNames });
  const { name, names } = found;
  const before = { names: names !== undefined, platforms: found.choosesPlatforms };
  const obstacle = findObstacle(request, before);
  if (obstacle !== undefined) {
    messages.detail(`${name} goes into a temporary file before anything is sent: ${obstacle}`);
    return { source: await openWhole(found, options) };
  }
  messages.detail(`the layers of ${name} are sent while the engine writes them`);
  const arrival: Arrival = {
    name,
    ...(names !== undefined && { names }),
    async receive(intake) {
      const archive = await found.openStream();
      try {
        const known = { ...options, diffIds: found.diffIds };
        const source = await openArrivingTwice(archive.stream, name, intake, known, async (reason, sent) => {
          messages.detail(`${name} is read again, into a temporary file: ${reason}`);
          const again = await found.openStream();
          return openStreamSource(again.stream, name, options, sent);
        });
        return rename(source, names);
      } catch (error) {
        throw archive.explain(error);
      } finally {
        found.close();
      }
    },
    close: () => found.close(),
  };
  return { arrival };
}

async function openWhole(found: FoundImages, options: OpenSourceOptions): Promise<ImageSource> {
  try {
    const archive = await found.openStream();
    try {
      return rename(await openStreamSource(archive.stream, found.name, options), found.names);
    } catch (error) {
      throw archive.explain(error);
    }
  } finally {
    found.close();
  }
}

async function findImages(context: CommandContext, request: EngineRequest): Promise<FoundImages> {
  const { io, messages, waiting } = context;
  const { signal } = io;
  const { source: name, all = false, platforms = [], hostsOfNames } = request;
  const image = dropEnginePrefix(name);
  checkImageName(image);
  const place = { env: io.env, configDirectory: lookForDockerConfig(io) };
  const engine = await waiting.during('the engine', () => openEngine(place, signal));
  const { connection } = engine;
  messages.detail(`${name} is read from the engine at ${connection.name}`);
  let images: EngineImages;
  try {
    const find = all ? findTags : findImage;
    images = await waiting.during('the engine', () => find(engine, image, signal));
  } catch (error) {
    connection.close();
    throw error;
  }
  const chooses = choosesPlatforms(engine, platforms.length);
  if (platforms.length > 0 && !chooses) {
    messages.detail(`the engine cannot choose platforms, so ecrp chooses from all that ${name} has`);
  }
  const options = { name, platforms: chooses ? platforms : [], maxBytes: MAX_PLAIN_BYTES };
  return {
    name,
    names: hostsOfNames === undefined || all ? undefined : chooseNames(image, images, hostsOfNames),
    choosesPlatforms: chooses,
    diffIds: images.diffIds.filter(isDigest),
    openStream: () =>
      waiting.during(`the engine to write ${name}`, () => openImageStream(engine, images, options, signal)),
    close: () => connection.close(),
  };
}

/** An image whose given name is at the registry host goes there, any other one to all its names at that host. */
function chooseNames(image: string, { names }: EngineImages, hosts: RegistryHosts): readonly string[] {
  return findRegistryReferences([image], hosts).length > 0 ? [image] : names;
}

function rename(source: ImageSource, names: readonly string[] | undefined): ImageSource {
  if (names === undefined) return source;
  return { ...source, images: source.images.map((image) => ({ ...image, names })) };
}
