import type { Digest } from '../oci/digest.ts';
import { DOCKER_MANIFEST, DOCKER_MANIFEST_LIST, OCI_INDEX, OCI_MANIFEST } from '../oci/media-types.ts';
import { parseBearerChallenge } from './bearer-challenge.ts';
import { chooseScheme } from './choose-scheme.ts';
import { fetchToken } from './fetch-anonymously.ts';
import { letGo } from './let-go.ts';

const ACCEPT = [OCI_INDEX, DOCKER_MANIFEST_LIST, OCI_MANIFEST, DOCKER_MANIFEST].join(', ');
const MAX_REDIRECTS = 5;

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
  getManifest(reference: string, signal: AbortSignal): Promise<Response>;
  getBlob(digest: Digest, signal: AbortSignal): Promise<Response>;
}

/**
 * Reads as anyone can; where that is refused (also for the quotas of those without a name), with the token that
 * `authorize` gives. Redirects are followed without any token, which is not for where they lead.
 */
export function createRegistryReader(
  { registryHost, registryAlias, repositoryName }: RepositoryAddress,
  authorize?: (signal: AbortSignal) => Promise<string>,
): RegistryReader {
  const name = `${registryHost}/${registryAlias}/${repositoryName}`;
  const base = `${chooseScheme(registryHost)}://${registryHost}/v2/${registryAlias}/${repositoryName}`;
  let token: string | undefined;

  const get = async (path: string, accept: string, signal: AbortSignal): Promise<Response> => {
    const url = `${base}/${path}`;
    const ask = (): Promise<Response> => {
      const headers = { accept, ...(token !== undefined && { authorization: `Bearer ${token}` }) };
      return fetch(url, { headers, redirect: 'manual', signal });
    };
    let response = await ask();
    // A token out of date is told with 400 and without a challenge; there is one for those who have none.
    if (response.status === 400 && token !== undefined) {
      token = undefined;
      response = await replace(response, ask);
    }
    const challenge =
      response.status === 401 && parseBearerChallenge(response.headers.get('www-authenticate'));
    if (challenge) {
      // The token comes from the same host as a rule.
      await letGo(response);
      token = await fetchToken(challenge, signal);
      response = await ask();
    }
    if (authorize !== undefined && [401, 403, 429].includes(response.status)) {
      token = await authorize(signal);
      response = await replace(response, ask);
    }
    return followRedirects(response, url, accept, signal);
  };

  return {
    name,
    getManifest: (reference, signal) => get(`manifests/${reference}`, ACCEPT, signal),
    getBlob: (digest, signal) => get(`blobs/${digest}`, '*/*', signal),
  };
}

async function followRedirects(
  first: Response,
  url: string,
  accept: string,
  signal: AbortSignal,
): Promise<Response> {
  let response = first;
  let from = url;
  for (let count = 0; count < MAX_REDIRECTS; count += 1) {
    const location = response.headers.get('location');
    if (response.status < 300 || response.status > 399 || location === null) break;
    const to = new URL(location, from).href;
    response = await replace(response, () => fetch(to, { headers: { accept }, redirect: 'manual', signal }));
    from = to;
  }
  return response;
}

async function replace(last: Response, ask: () => Promise<Response>): Promise<Response> {
  await letGo(last);
  return ask();
}
