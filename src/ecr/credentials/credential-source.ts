import { raceAbort } from './ask-source.ts';
import type { Identity } from './identity.ts';

/** Credentials that end sooner than this are renewed, in the background as long as they last. */
const RENEWED_BEFORE_MS = 5 * 60_000;
/** A renewal that failed is not tried again at once, as long as the credentials last. */
const TRIED_AGAIN_AFTER_MS = 60_000;

/** Credentials as they are at the moment they are asked for. */
export interface CredentialSource {
  /** Whether asking again can give others: keys in the environment stay what they are. */
  readonly isRefreshable: boolean;
  /** Throws AUTH, the same error each time once the source has failed; the signal's reason as soon as that is aborted. */
  provide(signal: AbortSignal): Promise<Identity>;
  /** Asks the source anew, as the service says that the credentials have ended. Throws as `provide`. */
  refresh(signal: AbortSignal): Promise<void>;
  /** Ends what is being asked. */
  close(): void;
}

export interface KeptCredentials {
  readonly isRefreshable: boolean;
  /** Told where the credentials come from, the first time that they are found. */
  readonly onIdentity?: ((source: Identity['source']) => void) | undefined;
  /** Now, in ms since the epoch. */
  readonly now?: () => number;
}

/**
 * Asks a source when credentials are wanted and keeps what it gives until shortly before its end. All who want credentials
 * at the same time wait for one question, which goes on when one of them does not wait any more.
 */
export function keepCredentials(
  find: (signal: AbortSignal) => Promise<Identity>,
  { isRefreshable, onIdentity, now = Date.now }: KeptCredentials,
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
  const measureRest = (identity: Identity | undefined): number =>
    identity === undefined
      ? Number.NEGATIVE_INFINITY
      : (identity.credentials.expiration?.getTime() ?? Number.POSITIVE_INFINITY) - now();
  const lasts = (identity: Identity | undefined): boolean => measureRest(identity) > 0;

  return {
    isRefreshable,
    async provide(signal) {
      if (failed !== undefined) throw failed.error;
      const restMs = measureRest(current);
      if (current !== undefined && (!isRefreshable || restMs > RENEWED_BEFORE_MS)) return current;
      if (current !== undefined && restMs > 0) {
        // Unawaited: what goes wrong shows when the credentials are needed.
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
