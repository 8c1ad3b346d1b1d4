import type { ReadManifest } from '../ends/image-target.ts';
import { EcrpError } from '../errors.ts';
import { quoteText } from '../foreign-text.ts';
import type { Connections } from '../net/connections.ts';
import { discardBody, type HttpAnswer, type HttpRequest } from '../net/send-request.ts';
import type { Content, Descriptor } from '../oci/descriptor.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import { assertTag, isTag } from '../oci/tags.ts';
import { type RegistryAccess, requestRegistry } from './client.ts';
import { listReferrers, type ReferrersPlace } from './list-referrers.ts';
import { listTagPages } from './list-tags.ts';
import { readManifestAnswer } from './manifest-answer.ts';
import { UnexpectedStatus } from './read-answer.ts';
import { readContent } from './read-content.ts';
import { readSmallBlob } from './read-small-blob.ts';
import {
  isMissing,
  locate,
  MANIFEST_TYPES,
  nameInRegistry,
  type RegistryRepository,
} from './registry-reader.ts';
import { type RetryOptions, retryReading } from './retry-reading.ts';

/**
 * One repository of any registry, read through `/v2/`. Every method repeats what fails, within the budget, and throws an `EcrpError` that a
 * user can read, or the reason of its signal. Manifests and small blobs have the digest that was asked for; no answer exceeds its bound.
 */
export interface RemoteRepository {
  /** For messages: `HOST/PATH`. */
  readonly name: string;
  /** Where a tag points, or whether a digest is there; undefined: it is not. By HEAD: Docker Hub counts GETs. */
  findDigest(reference: string, signal: AbortSignal): Promise<Digest | undefined>;
  /** Reads a manifest by tag or digest; undefined: it does not exist. `mediaType` is that of the document if the registry states none. */
  readManifest(reference: string, signal: AbortSignal): Promise<ReadManifest | undefined>;
  /** Reads a small blob, such as a config, and checks its digest. INVALID_INPUT: it is longer than `maxBytes`. NOT_FOUND. */
  readBlob(content: Content, maxBytes: number, signal: AbortSignal): Promise<Buffer>;
  /**
   * Bytes of a blob from `start` to the end. Reading continues by Range where it broke off. Throws when bytes are missing or too many;
   * a reader of all bytes checks the digest itself. Each iteration reads anew.
   */
  openBlob(content: Content, start: number, signal?: AbortSignal): AsyncIterable<Buffer>;
  /** Tags page by page, in the registry's order. NOT_FOUND: the repository does not exist. */
  listTagPages(signal: AbortSignal): AsyncGenerator<readonly string[]>;
  /**
   * Manifests about a digest: of the referrers API, else of the fallback tag `sha256-HEX`. `hasFallbackTag`: false if there is known to be no such
   * tag.
   */
  findReferrers(
    digest: Digest,
    signal: AbortSignal,
    hasFallbackTag?: boolean,
  ): Promise<readonly Descriptor[]>;
  /** Ends its connections. */
  close(): void;
}

export interface RemoteSettings {
  readonly repository: RegistryRepository;
  readonly connections: Connections;
  readonly access: RegistryAccess;
  /** How reads are repeated. The signal bounds blobs that are opened without one. */
  readonly reading: RetryOptions;
  /** Called with every answer of the registry. */
  readonly onAnswer?: ((answer: HttpAnswer) => void) | undefined;
  /** Shows what is waited for while `work` runs. */
  readonly watchWait: <Result>(what: string, work: () => Promise<Result>) => Promise<Result>;
}

/** A document arrives within this time, or never. */
const DOCUMENT_SILENT_MS = 10_000;
/** Statuses of registries that do not take HEAD. */
const NO_HEAD: readonly number[] = [400, 405, 501];

/** Makes the reader of a repository. Sends nothing yet. */
export function createRemoteRepository(settings: RemoteSettings): RemoteRepository {
  const { repository, connections, access, reading, onAnswer, watchWait } = settings;
  const name = nameInRegistry(repository);
  const request = async (path: string, given: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> => {
    const answer = await requestRegistry(connections, locate(repository, path), given, signal, access);
    onAnswer?.(answer);
    return answer;
  };
  const documents = {
    ...reading,
    silentMs: Math.min(reading.silentMs ?? DOCUMENT_SILENT_MS, DOCUMENT_SILENT_MS),
  };
  const read = <Result>(
    what: string,
    signal: AbortSignal,
    work: (inner: AbortSignal, onProgress: () => void) => Promise<Result>,
  ): Promise<Result> =>
    watchWait(`${name} (${what})`, () => retryReading(`${name}: ${what}`, work, { ...documents, signal }));

  const getManifest = async (
    reference: string,
    inner: AbortSignal,
    onProgress: () => void,
  ): Promise<ReadManifest | undefined> => {
    const headers = { accept: MANIFEST_TYPES };
    const answer = await request(`manifests/${reference}`, { headers }, inner);
    if (await isMissing(answer)) return undefined;
    return readManifestAnswer(answer, reference, `${name}: ${nameManifest(reference)}`, onProgress);
  };
  const learned: ReferrersPlace['learned'] = { lacksReferrersApi: undefined };
  const remote: RemoteRepository = {
    name,
    findDigest: async (reference, signal) =>
      read(nameManifest(reference), signal, async (inner, onProgress) => {
        const headers = { accept: MANIFEST_TYPES };
        const head = await request(`manifests/${reference}`, { method: 'HEAD', headers }, inner);
        await discardBody(head);
        if (head.status === 404) return undefined;
        if (head.status !== 200 && !NO_HEAD.includes(head.status)) throw new UnexpectedStatus(head);
        const digest = head.headers['docker-content-digest'];
        if (head.status === 200 && isDigest(reference)) return reference;
        if (head.status === 200 && isDigest(digest)) return digest;
        return (await getManifest(reference, inner, onProgress))?.digest;
      }),
    readManifest: async (reference, signal) =>
      read(nameManifest(reference), signal, (inner, onProgress) => getManifest(reference, inner, onProgress)),
    readBlob: (content, maxBytes, signal) =>
      readSmallBlob(`${name}: the blob ${content.digest}`, content, maxBytes, () =>
        remote.openBlob(content, 0, signal),
      ),
    openBlob({ digest, size }, start, signal = reading.signal) {
      const ask = (offset: number | undefined, inner: AbortSignal): Promise<HttpAnswer> => {
        const headers = { accept: '*/*', ...(offset !== undefined && { range: `bytes=${offset}-` }) };
        return request(`blobs/${digest}`, { headers }, inner);
      };
      const what = `${name}: the blob ${digest}`;
      return {
        [Symbol.asyncIterator]: () => readContent(what, { digest, size }, start, ask, { ...reading, signal }),
      };
    },
    async *listTagPages(signal) {
      for await (const tags of listTagPages(connections, repository, { ...documents, signal }, access)) {
        // Each becomes part of a path.
        const wrong = tags.find((tag) => !isTag(tag));
        if (wrong !== undefined) {
          throw new EcrpError(
            'UNAVAILABLE',
            `${name}: ${quoteText(wrong)} in the list of tags is not a tag`,
            {
              hint: 'Check whether a proxy changes answers, and tell the owner of the registry.',
            },
          );
        }
        yield tags;
      }
    },
    findReferrers: (digest, signal, hasFallbackTag) =>
      listReferrers({ remote, request, read, learned }, digest, signal, hasFallbackTag),
    close: () => connections.close(),
  };
  return remote;
}

/** Throws USAGE for what is neither a tag nor a digest: it becomes part of a path. */
function nameManifest(reference: string): string {
  if (!isDigest(reference)) assertTag(reference);
  return isDigest(reference) ? `the manifest ${reference}` : `the tag ${reference}`;
}
