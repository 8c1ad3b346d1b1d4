import type { HttpHandler } from '@smithy/core/protocols';
import type { Environment } from '../../io.ts';
import type { LoadProfile, SharedConfig } from '../shared-config.ts';

/** Keys as the SDK takes them; secret. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** When they end; keys without it do not. */
  readonly expiration?: Date;
  readonly accountId?: string;
}

/** Where credentials come from; no secret. */
export interface IdentitySource {
  readonly kind: 'environment' | 'profile' | 'web-identity' | 'container' | 'instance';
  /** The profile that was read; absent when none was. */
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

/** Asks for the code of an MFA device. Throws the signal's reason when that is aborted. */
export type PromptMfa = (serial: string, signal: AbortSignal) => Promise<string>;

/** What the sources of credentials need of their surroundings. */
export interface SourceContext {
  readonly env: Environment;
  readonly config: SharedConfig;
  /** The profile that endpoints and regions are read from. */
  readonly loadProfile: LoadProfile;
  /** Ends whatever is being asked, processes included. */
  readonly signal: AbortSignal;
  /** Called when a wait begins, with a noun phrase for it; returns the function that ends it. */
  readonly startWait: (what: string) => () => void;
  /** Undefined when there is no terminal to ask on. */
  readonly promptMfa?: PromptMfa | undefined;
  /** Sends the requests of STS and SSO; undefined: straight, without a proxy. */
  readonly makeRequestHandler?: (() => HttpHandler) | undefined;
  /** How long a source has that is asked over HTTP, retries included, in ms. */
  readonly httpTimeoutMs: number;
}
