import { setTimeout as sleep } from 'node:timers/promises';
import { withDeadline } from '../async/abort.ts';
import type { ImageReader } from '../ends/image-target.ts';
import type { Connections } from '../net/connections.ts';
import { discardBody, type HttpAnswer } from '../net/send-request.ts';
import { type Digest, digestOf, isDigest } from '../oci/digest.ts';
import { MAX_MANIFEST_BYTES } from '../oci/manifest.ts';
import { DOCKER_MANIFEST, DOCKER_MANIFEST_LIST, OCI_INDEX, OCI_MANIFEST } from '../oci/media-types.ts';
import { chooseScheme, type RegistryAccess, requestRegistry } from './client.ts';
import { readBytes, streamBlob } from './read-answer.ts';

/** Types of manifests to ask for. */
export const MANIFEST_TYPES = [OCI_INDEX, DOCKER_MANIFEST_LIST, OCI_MANIFEST, DOCKER_MANIFEST].join(', ');

// Reading one repository through the HTTP API of its registry.

export interface RegistryRepository {
  /** Host that requests go to: `public.ecr.aws`, `registry-1.docker.io`, or the emulator's `127.0.0.1:PORT`. */
  readonly registryHost: string;
  /** As in `/v2/PATH/`: `ALIAS/REPOSITORY` at ECR Public. */
  readonly repositoryPath: string;
  /** Plain HTTP for a host that is not this machine. */
  readonly plainHttp?: boolean | undefined;
  /** For messages; default `HOST/PATH`. */
  readonly name?: string | undefined;
}

/**
 * Reads one repository through the registry's HTTP API: with the token of `access`, if it has one, else anonymously. Where that is refused,
 * or its quota is used up, it uses the token that `authorize` gives. Its methods throw `UnexpectedStatus` for answers other than 200 and 404.
 */
export function createRegistryReader(
  connections: Connections,
  repository: RegistryRepository,
  access: RegistryAccess = {},
): ImageReader {
  const get = (path: string, accept: string, signal: AbortSignal): Promise<HttpAnswer> =>
    requestRegistry(connections, locate(repository, path), { headers: { accept } }, signal, access);
  return {
    name: nameInRegistry(repository),
    async readManifest(reference, signal) {
      const answer = await get(`manifests/${reference}`, MANIFEST_TYPES, signal);
      if (await isMissing(answer)) return undefined;
      const bytes = await readBytes(answer, MAX_MANIFEST_BYTES);
      const mediaType = answer.headers['content-type']?.replace(/;.*$/, '').trim() ?? '';
      return { bytes, digest: digestOf(bytes), mediaType };
    },
    async openBlob(digest, signal) {
      const answer = await get(`blobs/${digest}`, '*/*', signal);
      return (await isMissing(answer)) ? undefined : streamBlob(answer);
    },
  };
}

/** Discards the body of a 404. */
export async function isMissing(answer: HttpAnswer): Promise<boolean> {
  if (answer.status !== 404) return false;
  await discardBody(answer);
  return true;
}

export interface TagAddress extends RegistryRepository {
  readonly imageTag: string;
}

export interface ResolveOptions {
  /** Keeps the anonymous token from one tag to the next. */
  readonly access?: RegistryAccess;
  /** Wait before the next attempt when the quota is used up. Undefined: the answer is `unknown` at once. */
  readonly quotaWaitMs?: number;
  /** Shortens the time limit of ten seconds, in ms. */
  readonly mostMs?: number | undefined;
}

/** Time limit for one tag. The answer only tells created from moved tags, so no push waits longer for it. */
const RESOLVE_MS = 10_000;

/**
 * Finds out anonymously where a tag points. Returns undefined when the tag or the repository does not exist, `unknown` when the registry
 * does not answer in time. Throws nothing.
 */
export async function resolveTag(
  connections: Connections,
  address: TagAddress,
  signal: AbortSignal,
  { access, quotaWaitMs, mostMs = RESOLVE_MS }: ResolveOptions = {},
): Promise<Digest | undefined | 'unknown'> {
  const url = locate(address, `manifests/${address.imageTag}`);
  const headers = { accept: MANIFEST_TYPES };
  const resolve = async (inner: AbortSignal): Promise<Digest | undefined | 'unknown'> => {
    const requestHead = async (): Promise<HttpAnswer> => {
      const answer = await requestRegistry(connections, url, { method: 'HEAD', headers }, inner, access);
      await discardBody(answer);
      return answer;
    };
    let head = await requestHead();
    while (head.status === 429 && quotaWaitMs !== undefined) {
      await sleep(quotaWaitMs, undefined, { signal: inner });
      head = await requestHead();
    }
    if (head.status === 404) return undefined;
    if (head.status !== 200) return 'unknown';
    const digest = head.headers['docker-content-digest'];
    if (isDigest(digest)) return digest;
    const answer = await requestRegistry(connections, url, { headers }, inner, access);
    return digestOf(await readBytes(answer, MAX_MANIFEST_BYTES));
  };
  try {
    return await withDeadline(signal, Math.min(RESOLVE_MS, mostMs), resolve);
  } catch {
    return 'unknown';
  }
}

/** The name of a repository for messages. */
export function nameInRegistry({ registryHost, repositoryPath, name }: RegistryRepository): string {
  return name ?? `${registryHost}/${repositoryPath}`;
}

/** The URL of a path of a repository, such as `tags/list`. */
export function locate(
  { registryHost, repositoryPath, plainHttp = false }: RegistryRepository,
  path: string,
): URL {
  const scheme = plainHttp ? 'http' : chooseScheme(registryHost);
  return new URL(`${scheme}://${registryHost}/v2/${repositoryPath}/${path}`);
}
