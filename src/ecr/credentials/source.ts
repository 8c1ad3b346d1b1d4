import type { HttpHandler } from '@smithy/core/protocols';
import { raceAbort, withDeadline } from '../../async/abort.ts';
import { EcrpError } from '../../errors.ts';
import type { Environment } from '../../io.ts';
import type { LoadProfile, SharedConfig } from '../shared-config.ts';

// What a source of credentials gives, what it needs, and how it is asked.

/** Keys as the SDK takes them. They are secret. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** Keys without it do not expire. */
  readonly expiration?: Date;
  readonly accountId?: string;
}

/** Where credentials come from. It holds no secret. */
export interface IdentitySource {
  readonly kind: 'environment' | 'profile' | 'web-identity' | 'container' | 'instance';
  /** The profile that was read, if any. */
  readonly profile?: string;
  /** A noun phrase, such as `the credential process of the profile 'build'`. */
  readonly description: string;
  /** A profile that the user named and that configures no credentials, so that this source stands in. */
  readonly passedProfile?: string;
}

export interface Identity {
  readonly credentials: AwsCredentials;
  readonly source: IdentitySource;
}

/** Asks for the code of an MFA device. Throws the signal's reason when aborted. */
export type PromptMfa = (serial: string, signal: AbortSignal) => Promise<string>;

/** What the sources of credentials need. */
export interface SourceContext {
  readonly env: Environment;
  readonly config: SharedConfig;
  /** The profile that endpoints and regions come from. */
  readonly loadProfile: LoadProfile;
  /** Ends every question, processes included. */
  readonly signal: AbortSignal;
  /** Called when a wait begins, with a noun phrase for it. Returns the function that ends the wait. */
  readonly startWait: (what: string) => () => void;
  /** Undefined without a terminal. */
  readonly promptMfa?: PromptMfa | undefined;
  /** Makes the handler for requests to STS and SSO. Without it, they go out without a proxy. */
  readonly makeRequestHandler?: (() => HttpHandler) | undefined;
  /** Time limit for a source that is asked over HTTP, retries included, in ms. */
  readonly httpTimeoutMs: number;
}

export interface AskedSource {
  /** A noun phrase that names the source, such as `the instance metadata service at http://169.254.169.254`. */
  readonly what: string;
  readonly hint: string;
}

/**
 * Asks a source of credentials over HTTP. Throws AUTH with the source's own words when it fails, or does not answer in time. Throws the
 * reason of the context's signal as soon as that aborts.
 */
export async function askOverHttp<Answer>(
  { what, hint }: AskedSource,
  { signal, startWait, httpTimeoutMs }: SourceContext,
  ask: (signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  const endWait = startWait(what);
  try {
    // The SDK's providers take no signal, hence the race.
    return await withDeadline(signal, httpTimeoutMs, (inner) => raceAbort(ask(inner), inner));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof EcrpError) throw error;
    throw new EcrpError('AUTH', `${what}: ${getWords(error)}`, { hint, cause: error });
  } finally {
    endWait();
  }
}

/** Returns the message of an error as one line. */
function getWords(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text
    .replaceAll(/\s+/g, ' ')
    .replace(/^(?:\w*Error: )+/, '')
    .trim();
}
