import type { ImageReader } from '../ends/image-target.ts';
import type { Connections } from '../net/connections.ts';
import { discardBody, type HttpAnswer } from '../net/send-request.ts';
import { digestOf } from '../oci/digest.ts';
import { MAX_MANIFEST_BYTES } from '../oci/manifest.ts';
import { DOCKER_MANIFEST, DOCKER_MANIFEST_LIST, OCI_INDEX, OCI_MANIFEST } from '../oci/media-types.ts';
import { chooseScheme, type RegistryAccess, requestRegistry } from './client.ts';
import { readBytes, streamBlob } from './read-answer.ts';

const ACCEPT = [OCI_INDEX, DOCKER_MANIFEST_LIST, OCI_MANIFEST, DOCKER_MANIFEST].join(', ');

export interface RegistryRepository {
  /** `public.ecr.aws`, or the emulator's `127.0.0.1:PORT`. */
  readonly registryHost: string;
  readonly registryAlias: string;
  readonly repositoryName: string;
}

/**
 * Reads one repository through the registry's HTTP API, anonymously. Where that is refused, or its quota is used up, it uses the token that
 * `authorize` gives. Its methods throw `UnexpectedStatus` for answers other than 200 and 404.
 */
export function createRegistryReader(
  connections: Connections,
  { registryHost, registryAlias, repositoryName }: RegistryRepository,
  authorize?: (signal: AbortSignal) => Promise<string>,
): ImageReader {
  const name = `${registryHost}/${registryAlias}/${repositoryName}`;
  const base = `${chooseScheme(registryHost)}://${registryHost}/v2/${registryAlias}/${repositoryName}`;
  const access: RegistryAccess = { authorize };
  const get = (path: string, accept: string, signal: AbortSignal): Promise<HttpAnswer> =>
    requestRegistry(connections, new URL(`${base}/${path}`), { headers: { accept } }, signal, access);
  return {
    name,
    async readManifest(reference, signal) {
      const answer = await get(`manifests/${reference}`, ACCEPT, signal);
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

async function isMissing(answer: HttpAnswer): Promise<boolean> {
  if (answer.status !== 404) return false;
  await discardBody(answer);
  return true;
}
