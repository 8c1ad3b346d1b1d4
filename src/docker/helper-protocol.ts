/** User name and password for a registry. */
export interface Login {
  readonly username: string;
  readonly secret: string;
}

// Fixed texts of docker-credential-helpers; a client takes the first for "no login", not for a failure.
export const CREDENTIALS_NOT_FOUND = 'credentials not found in native keychain';
export const NO_SERVER_URL = 'no credentials server URL';
export const NO_USERNAME = 'no credentials username';

/** The host of a registry as docker compares it: without scheme and path, as in `https://public.ecr.aws/v1/`. */
export function reduceToHost(serverUrl: string): string {
  return serverUrl.replace(/^https?:\/\//, '').replace(/\/.*$/s, '');
}
