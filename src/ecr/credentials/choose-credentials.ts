import type { HttpHandler } from '@smithy/core/protocols';
import type { Environment } from '../../io.ts';
import {
  explainMissingProfile,
  findNamedProfile,
  loadSharedConfig,
  prepareProfile,
} from '../shared-config.ts';
import { type CredentialSource, keepCredentials } from './credential-source.ts';
import { readEnvironmentKeys } from './keys.ts';
import type { Identity, IdentitySource, PromptMfa } from './source.ts';

/** Time limit for a source that is asked over HTTP. */
const HTTP_TIMEOUT_MS = 10_000;

export interface CredentialSettings {
  /** `--profile` */
  readonly profile?: string | undefined;
  readonly env: Environment;
  /** Undefined without a terminal. */
  readonly promptMfa?: PromptMfa | undefined;
  /** Called when a wait begins, with a noun phrase for it. Returns the function that ends the wait. */
  readonly startWait?: ((what: string) => () => void) | undefined;
  /** Makes the handler for requests to STS and SSO. Without it, they go out without a proxy. */
  readonly makeRequestHandler?: (() => HttpHandler) | undefined;
  /** In ms, default 10 s. */
  readonly httpTimeoutMs?: number | undefined;
  /** Called once, with the source of the credentials. */
  readonly onIdentity?: ((source: IdentitySource) => void) | undefined;
}

/**
 * Chooses the source of the credentials in the order of the aws CLI: `--profile`, the keys of the environment, AWS_PROFILE, the rest
 * of the chain. Reads and asks nothing yet.
 */
export function chooseCredentials(settings: CredentialSettings): CredentialSource {
  const { profile, env, onIdentity } = settings;
  const named = findNamedProfile(profile, env);
  const hasKeys = profile === undefined && Boolean(env.AWS_ACCESS_KEY_ID || env.AWS_SECRET_ACCESS_KEY);
  const find = async (signal: AbortSignal): Promise<Identity> => {
    const keys = profile === undefined ? readEnvironmentKeys(env) : undefined;
    if (keys !== undefined && named === undefined) return keys;
    const config = await loadSharedConfig(env);
    if (keys !== undefined && named !== undefined) {
      if (config.findProfile(named.name) === undefined) throw explainMissingProfile(config, named);
      return keys;
    }
    // With keys in the environment, as in most CI jobs, nothing of the other sources is loaded.
    const { findCredentials } = await import('./credential-chain.ts');
    return findCredentials(named, {
      env,
      config,
      loadProfile: prepareProfile(profile, env),
      signal,
      startWait: settings.startWait ?? (() => () => undefined),
      promptMfa: settings.promptMfa,
      makeRequestHandler: settings.makeRequestHandler,
      httpTimeoutMs: settings.httpTimeoutMs ?? HTTP_TIMEOUT_MS,
    });
  };
  return keepCredentials(find, { isRefreshable: !hasKeys, onIdentity });
}
