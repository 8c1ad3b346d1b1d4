import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OperationContext } from '../operations/context.ts';

/** One request being answered. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly context: OperationContext;
  readonly query: URLSearchParams;
  /** Scheme, host and port by which the client reached the emulator, for addresses that it is given. */
  readonly origin: string;
}

/** As `owner`, somebody with the account's token may push; anybody may pull. */
export type Caller = 'owner' | 'anonymous';
