import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ByteBudget } from '../byte-budget.ts';
import type { EmulatorContext } from '../operations/context.ts';
import type { Principal } from '../principal.ts';
import type { ServedRegistry } from '../served-registry.ts';
import type { RegistryRules } from './rules.ts';

export interface RegistryContext extends EmulatorContext {
  readonly registryRules: RegistryRules;
  /** For bodies that are kept in memory. */
  readonly bodyBudget: ByteBudget;
  /** Told of errors inside the emulator, which clients see as status 500. */
  readonly onError: (error: unknown) => void;
}

/** One request being answered. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly context: RegistryContext;
  readonly query: URLSearchParams;
  /** Scheme, host and port by which the client reached the emulator, for addresses that it is given. */
  readonly origin: string;
  /** Of the request's body, so far. */
  readonly received: { bytes: number };
}

/** A request about a repository, with the registry that its path names. */
export interface RepositoryExchange extends Exchange {
  readonly context: RegistryContext & ServedRegistry;
}

/** Whose token a request brings; anybody may pull. */
export type Caller = Principal | 'anonymous';
