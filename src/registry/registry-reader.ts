import type { Connections } from '../net/connections.ts';
import { discardBody, type HttpAnswer, sendRequest } from '../net/send-request.ts';
import type { Digest } from '../oci/digest.ts';
import { DOCKER_MANIFEST, DOCKER_MANIFEST_LIST, OCI_INDEX, OCI_MANIFEST } from '../oci/media-types.ts';
import { parseBearerChallenge } from './bearer-challenge.ts';
import { chooseScheme } from './choose-scheme.ts';
import { fetchToken } from './fetch-anonymously.ts';
import { followRedirects } from './follow-redirects.ts';

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

/**
 * Reads as anyone can; where that is refused (also for the quotas of those without a name), with the token that
 * `authorize` gives. Redirects are followed without any token, which is not for where they lead.
 */
export function createRegistryReader(
  connections: Connections,
  { registryHost, registryAlias, repositoryName }: RepositoryAddress,
  authorize?: (signal: AbortSignal) => Promise<string>,
): RegistryReader {
  const name = `${registryHost}/${registryAlias}/${repositoryName}`;
  const base = `${chooseScheme(registryHost)}://${registryHost}/v2/${registryAlias}/${repositoryName}`;
  let token: string | undefined;

  const get = async (path: string, accept: string, signal: AbortSignal): Promise<HttpAnswer> => {
    const url = new URL(`${base}/${path}`);
    const ask = (): Promise<HttpAnswer> => {
      const headers = { accept, ...(token !== undefined && { authorization: `Bearer ${token}` }) };
      return sendRequest(connections, url, { headers }, signal);
    };
    let response = await ask();
    // A token out of date is told with 400 and without a challenge; there is one for those who have none.
    if (response.status === 400 && token !== undefined) {
      token = undefined;
      response = await replace(response, ask);
    }
    const challenge = response.status === 401 && parseBearerChallenge(response.headers['www-authenticate']);
    if (challenge) {
      // The token comes from the same host as a rule.
      await discardBody(response);
      token = await fetchToken(connections, challenge, signal);
      response = await ask();
    }
    if (authorize !== undefined && [401, 403, 429].includes(response.status)) {
      token = await authorize(signal);
      response = await replace(response, ask);
    }
    return followRedirects(connections, response, { headers: { accept } }, signal);
  };

  return {
    name,
    getManifest: (reference, signal) => get(`manifests/${reference}`, ACCEPT, signal),
    getBlob: (digest, signal) => get(`blobs/${digest}`, '*/*', signal),
  };
}

async function replace(last: HttpAnswer, ask: () => Promise<HttpAnswer>): Promise<HttpAnswer> {
  await discardBody(last);
  return ask();
}
