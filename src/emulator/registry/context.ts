import type { Store } from '../storage/store.ts';

/**
 * What the registry half of the emulator needs to know. Its entry is `handleRegistryRequest(request, response, context)` of `registry.ts`, which
 * answers every path that `isRegistryPath` accepts, settles when the answer is sent, and never rejects for what a client did.
 */
export interface RegistryContext {
  readonly store: Store;
  /** The account, 12 digits. */
  readonly registryId: string;
  /** The only alias under which repositories are reached: `<alias>/<repository>`. */
  readonly registryAlias: string;
  /** Keys the signatures of tokens and download addresses; the same after a restart. */
  readonly tokenKey: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}
