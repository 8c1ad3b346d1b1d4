import type { Connections } from '../net/connections.ts';
import type { HttpAnswer } from '../net/send-request.ts';
import type { Digest } from '../oci/digest.ts';
import { DOCKER_MANIFEST, DOCKER_MANIFEST_LIST, OCI_INDEX, OCI_MANIFEST } from '../oci/media-types.ts';
import { chooseScheme, type RegistryAccess, requestRegistry } from './client.ts';

const ACCEPT = [OCI_INDEX, DOCKER_MANIFEST_LIST, OCI_MANIFEST, DOCKER_MANIFEST].join(', ');

export interface RepositoryAddress {
  /** `public.ecr.aws`, or the emulator's `127.0.0.1:PORT`. */
  readonly registryHost: string;
  readonly registryAlias: string;
  readonly repositoryName: string;
}

/** Reads one repository through the registry's HTTP API. Both methods give the answer, whatever its status. */
export interface RegistryReader {
  /** For messages: `HOST/ALIAS/REPOSITORY`. */
  readonly name: string;
  getManifest(reference: string, signal: AbortSignal): Promise<HttpAnswer>;
  getBlob(digest: Digest, signal: AbortSignal): Promise<HttpAnswer>;
}

/** Reads anonymously. Where that is refused, or its quota is used up, uses the token that `authorize` gives. */
export function createRegistryReader(
  connections: Connections,
  { registryHost, registryAlias, repositoryName }: RepositoryAddress,
  authorize?: (signal: AbortSignal) => Promise<string>,
): RegistryReader {
  const name = `${registryHost}/${registryAlias}/${repositoryName}`;
  const base = `${chooseScheme(registryHost)}://${registryHost}/v2/${registryAlias}/${repositoryName}`;
  const access: RegistryAccess = { authorize };
  const get = (path: string, accept: string, signal: AbortSignal): Promise<HttpAnswer> =>
    requestRegistry(connections, new URL(`${base}/${path}`), { headers: { accept } }, signal, access);
  return {
    name,
    getManifest: (reference, signal) => get(`manifests/${reference}`, ACCEPT, signal),
    getBlob: (digest, signal) => get(`blobs/${digest}`, '*/*', signal),
  };
}
