import { type Digest, digestOf, isDigest } from '../oci/digest.ts';
import { DOCKER_MANIFEST, DOCKER_MANIFEST_LIST, OCI_INDEX, OCI_MANIFEST } from '../oci/media-types.ts';
import { fetchAnonymously } from './fetch-anonymously.ts';
import { withDeadline } from './with-deadline.ts';

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

/**
 * Where a tag points now, as anyone can see it; undefined when there is no such tag or repository, `unknown` when the
 * registry does not tell within ten seconds. Throws nothing.
 */
export async function resolveTag(
  { registryHost, registryAlias, repositoryName, imageTag }: TagAddress,
  signal: AbortSignal,
): Promise<Digest | undefined | 'unknown'> {
  const path = `/v2/${registryAlias}/${repositoryName}/manifests/${imageTag}`;
  const ask = async (inner: AbortSignal): Promise<Digest | undefined | 'unknown'> => {
    const head = await fetchAnonymously(registryHost, path, { method: 'HEAD', accept: ACCEPT }, inner);
    if (head.status === 404) {
      return undefined;
    }
    if (head.status !== 200) {
      return 'unknown';
    }
    const digest = head.headers.get('docker-content-digest');
    if (isDigest(digest)) {
      return digest;
    }
    const got = await fetchAnonymously(registryHost, path, { method: 'GET', accept: ACCEPT }, inner);
    return got.status === 200 ? digestOf(Buffer.from(await got.arrayBuffer())) : 'unknown';
  };
  try {
    return await withDeadline(signal, TIMEOUT_MS, ask);
  } catch {
    return 'unknown';
  }
}
