import { raceAbort } from '../../async/abort.ts';
import type { Identity } from './source.ts';

/** Credentials that expire within this time are renewed in the background. */
const RENEWED_BEFORE_MS = 5 * 60_000;
/** After a failed renewal, the next one waits this long while the credentials last. */
const TRIED_AGAIN_AFTER_MS = 60_000;

/** Gives valid credentials at any time. */
export interface CredentialSource {
  /** False for keys in the environment, which never change. */
  readonly isRefreshable: boolean;
  /** Throws AUTH, the same error each time once the source has failed. Throws the signal's reason as soon as that aborts. */
  provide(signal: AbortSignal): Promise<Identity>;
  /** Asks the source again, after the service refused the credentials as expired. Throws as `provide` does. */
  refresh(signal: AbortSignal): Promise<void>;
  /** Ends the question that is under way. */
  close(): void;
}

export interface KeepSettings {
  readonly isRefreshable: boolean;
  /** Called once, with the source of the credentials. */
  readonly onIdentity?: ((source: Identity['source']) => void) | undefined;
  /** Now, in ms since the epoch. */
  readonly now?: () => number;
}

/**
 * Asks a source for credentials when they are needed, and keeps them until shortly before they expire. Concurrent callers share one
 * question. It continues when one of them is aborted.
 */
export function keepCredentials(
  find: (signal: AbortSignal) => Promise<Identity>,
  { isRefreshable, onIdentity, now = Date.now }: KeepSettings,
): CredentialSource {
  const life = new AbortController();
  let current: Identity | undefined;
  let asked: Promise<Identity> | undefined;
  let failed: { readonly error: unknown } | undefined;
  let lastFailureMs = Number.NEGATIVE_INFINITY;

  const ask = async (): Promise<Identity> => {
    try {
      const identity = await find(life.signal);
      if (current === undefined) onIdentity?.(identity.source);
      current = identity;
      return identity;
    } catch (error) {
      lastFailureMs = now();
      if (!lasts(current)) failed = { error };
      throw error;
    } finally {
      asked = undefined;
    }
  };
  const askOnce = (): Promise<Identity> => {
    asked ??= ask();
    return asked;
  };
  const measureRestMs = (identity: Identity | undefined): number =>
    identity === undefined
      ? Number.NEGATIVE_INFINITY
      : (identity.credentials.expiration?.getTime() ?? Number.POSITIVE_INFINITY) - now();
  const lasts = (identity: Identity | undefined): boolean => measureRestMs(identity) > 0;

  return {
    isRefreshable,
    async provide(signal) {
      if (failed !== undefined) throw failed.error;
      const restMs = measureRestMs(current);
      if (current !== undefined && (!isRefreshable || restMs > RENEWED_BEFORE_MS)) return current;
      if (current !== undefined && restMs > 0) {
        // Not awaited: a failure shows when the credentials are needed.
        if (now() - lastFailureMs > TRIED_AGAIN_AFTER_MS) askOnce().catch(() => undefined);
        return current;
      }
      return raceAbort(askOnce(), signal);
    },
    async refresh(signal) {
      await raceAbort(askOnce(), signal);
    },
    close() {
      life.abort();
    },
  };
}
