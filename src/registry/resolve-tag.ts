import { setTimeout } from 'node:timers/promises';
import { withDeadline } from '../async/abort.ts';
import type { Connections } from '../net/connections.ts';
import { discardBody, type HttpAnswer } from '../net/send-request.ts';
import { type Digest, digestOf, isDigest } from '../oci/digest.ts';
import { MAX_MANIFEST_BYTES } from '../oci/manifest.ts';
import { DOCKER_MANIFEST, DOCKER_MANIFEST_LIST, OCI_INDEX, OCI_MANIFEST } from '../oci/media-types.ts';
import { chooseScheme, type RegistryAccess, requestRegistry } from './client.ts';
import { readBytes } from './read-answer.ts';

/** Longest wait for the answer; it is only news about what happened, so no push waits longer. */
const TIMEOUT_MS = 10_000;
const ACCEPT = [OCI_INDEX, DOCKER_MANIFEST_LIST, OCI_MANIFEST, DOCKER_MANIFEST].join(', ');

export interface TagAddress {
  /** `public.ecr.aws`, or the emulator's `127.0.0.1:PORT`. */
  readonly registryHost: string;
  readonly registryAlias: string;
  readonly repositoryName: string;
  readonly imageTag: string;
}

export interface ResolveOptions {
  /** Has the anonymous token from one tag to the next. */
  readonly kept?: RegistryAccess;
  /** Before it is asked again when the quota is used up; undefined: that is `unknown` at once. */
  readonly quotaWaitMs?: number;
  /** Shortens the ten seconds, in ms. */
  readonly mostMs?: number | undefined;
}

/**
 * Where a tag points now, as anyone can see it; undefined when there is no such tag or repository, `unknown` when the
 * registry does not tell within ten seconds. Throws nothing.
 */
export async function resolveTag(
  connections: Connections,
  { registryHost, registryAlias, repositoryName, imageTag }: TagAddress,
  signal: AbortSignal,
  { kept, quotaWaitMs, mostMs = TIMEOUT_MS }: ResolveOptions = {},
): Promise<Digest | undefined | 'unknown'> {
  const base = `${chooseScheme(registryHost)}://${registryHost}`;
  const url = new URL(`${base}/v2/${registryAlias}/${repositoryName}/manifests/${imageTag}`);
  const headers = { accept: ACCEPT };
  const ask = async (inner: AbortSignal): Promise<Digest | undefined | 'unknown'> => {
    const look = async (): Promise<HttpAnswer> => {
      const answer = await requestRegistry(connections, url, { method: 'HEAD', headers }, inner, kept);
      await discardBody(answer);
      return answer;
    };
    let head = await look();
    while (head.status === 429 && quotaWaitMs !== undefined) {
      await setTimeout(quotaWaitMs, undefined, { signal: inner });
      head = await look();
    }
    if (head.status === 404) {
      return undefined;
    }
    if (head.status !== 200) {
      return 'unknown';
    }
    const digest = head.headers['docker-content-digest'];
    if (isDigest(digest)) {
      return digest;
    }
    const got = await requestRegistry(connections, url, { headers }, inner, kept);
    return digestOf(await readBytes(got, MAX_MANIFEST_BYTES));
  };
  try {
    return await withDeadline(signal, Math.min(TIMEOUT_MS, mostMs), ask);
  } catch {
    return 'unknown';
  }
}
