import { EcrpError } from '../../errors.ts';
import { listNames, quoteForShell, quoteText } from '../../foreign-text.ts';
import { isObject, type JsonObject } from '../../json.ts';
import { askEngine, EngineRefusal, refuseAnswer } from './ask-engine.ts';
import type { Engine } from './open-engine.ts';

/** One image of an engine, or every tag of a repository. */
export interface EngineImages {
  /** What to ask the engine for: names with a tag or a digest, or an ID. */
  readonly wanted: readonly string[];
  /** All names of a single image; empty for several. */
  readonly names: readonly string[];
  /** Digests of the uncompressed layers of a single image, lowest first; empty if the engine does not say. */
  readonly diffIds: readonly string[];
}

/** Names as docker takes them: `[HOST[:PORT]/]PATH[:TAG][@DIGEST]`. Source: distribution/reference. */
const IMAGE_NAME =
  /^(?:[a-zA-Z0-9][a-zA-Z0-9.-]*(?::\d+)?\/)?[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*(?::[\w][\w.-]{0,127})?(?:@sha256:[a-f0-9]{64})?$/;
const IMAGE_ID = /^(?:sha256:)?([a-f0-9]{4,64})$/;
const MOST_CHARACTERS = 512;
/** Most names that a hint lists. */
const MOST_SIMILAR = 5;

/** Throws USAGE for a text that cannot be the name of an image. */
export function checkImageName(name: string): void {
  if (name.length <= MOST_CHARACTERS && IMAGE_NAME.test(name)) return;
  const problem = name === '' ? 'no image is named' : `${quoteText(name)} is not the name of an image`;
  throw new EcrpError('USAGE', `docker: ${problem}`, {
    hint: 'Write docker:NAME:TAG, or docker: and an image ID.',
  });
}

/**
 * Finds an image by its name, ID or digest. Without a tag, `latest` is meant, as in `docker run`; `docker save` would take all tags. Throws
 * INVALID_INPUT if the engine does not have it.
 */
export async function findImage(engine: Engine, name: string, signal: AbortSignal): Promise<EngineImages> {
  const path = `/images/${name}/json`;
  const image = await askEngine(engine, path, signal).catch(async (error: unknown) => {
    throw error instanceof EngineRefusal ? await explainRefusal(engine, name, error, signal) : error;
  });
  if (!isObject(image) || typeof image.Id !== 'string') throw refuseAnswer(engine, path, 'it has no ID');
  const names = readNames(image);
  const diffIds = readDiffIds(image);
  const digits = IMAGE_ID.exec(name)?.[1];
  const isId = digits !== undefined && image.Id.replace(/^sha256:/, '').startsWith(digits);
  if (isId && !names.some((each) => isOfRepository(each, name)))
    return { wanted: [image.Id], names, diffIds };
  return { wanted: [hasTag(name) ? name : `${name}:latest`], names, diffIds };
}

/** Finds every tag of a repository, or the one image of a name with a tag. Throws as `findImage`. */
export async function findTags(engine: Engine, name: string, signal: AbortSignal): Promise<EngineImages> {
  if (hasTag(name)) return { ...(await findImage(engine, name, signal)), names: [] };
  const wanted = (await listAllNames(engine, signal)).filter((each) => isOfRepository(each, name));
  if (wanted.length > 0) return { wanted, names: [], diffIds: [] };
  return { ...(await findImage(engine, name, signal)), names: [] };
}

/** The error for an image that the engine refuses to give. */
export async function explainRefusal(
  engine: Engine,
  name: string,
  { status, message }: EngineRefusal,
  signal: AbortSignal,
): Promise<EcrpError> {
  const { program, connection } = engine;
  if (status !== 404) {
    return new EcrpError('INVALID_INPUT', `docker:${name}: the engine refuses it: ${message}`, {
      hint: `See what it says to \`${program} image inspect ${quoteForShell(name)}\`.`,
    });
  }
  const similar = await findSimilar(engine, name, signal);
  return new EcrpError('INVALID_INPUT', `docker:${name}: no such image in the engine at ${connection.name}`, {
    hint:
      similar.length === 0
        ? `Build it, or fetch it first: ${program} pull ${name}`
        : `Choose one that it has: ${listNames(similar.map((each) => `docker:${each}`))}`,
  });
}

/** The names nearest to one that the engine does not have: other tags of it first, then images whose last part is the same. */
async function findSimilar(engine: Engine, name: string, signal: AbortSignal): Promise<readonly string[]> {
  let names: readonly string[];
  try {
    names = await listAllNames(engine, signal);
  } catch {
    // They are only a help.
    signal.throwIfAborted();
    return [];
  }
  const repository = dropTag(name);
  const tags = names.filter((each) => isOfRepository(each, repository));
  const last = lastPart(repository);
  const others = names.filter((each) => lastPart(dropTag(each)) === last);
  return (tags.length > 0 ? tags : others).slice(0, MOST_SIMILAR);
}

/** The names of all images, in the engine's order. */
async function listAllNames(engine: Engine, signal: AbortSignal): Promise<readonly string[]> {
  const path = '/images/json';
  const images = await askEngine(engine, path, signal);
  if (!Array.isArray(images)) throw refuseAnswer(engine, path, 'it is not a list');
  return [...new Set(images.filter(isObject).flatMap(readNames))];
}

function readDiffIds({ RootFS: rootFs }: JsonObject): readonly string[] {
  const layers = isObject(rootFs) ? rootFs.Layers : undefined;
  return Array.isArray(layers) ? layers.filter((layer) => typeof layer === 'string') : [];
}

/** Docker writes `<none>:<none>` for an image without a name. */
function readNames({ RepoTags: names }: JsonObject): readonly string[] {
  if (!Array.isArray(names)) return [];
  return names.filter((name): name is string => typeof name === 'string' && IMAGE_NAME.test(name));
}

/** True for a tag of a repository. Podman writes out the host that docker leaves out. */
function isOfRepository(name: string, repository: string): boolean {
  return shorten(dropTag(name)) === shorten(repository);
}

function shorten(repository: string): string {
  return repository.replace(/^(?:docker\.io|localhost)\//, '').replace(/^library\//, '');
}

function hasTag(name: string): boolean {
  return dropTag(name) !== name;
}

function dropTag(name: string): string {
  return name.replace(/@.*$/, '').replace(/:[^/]*$/, '');
}

function lastPart(repository: string): string {
  return repository.slice(repository.lastIndexOf('/') + 1);
}
