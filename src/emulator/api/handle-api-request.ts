import type { OutgoingHttpHeaders } from 'node:http';
import { CONTENT_TYPE } from '../../wire/service.ts';
import type { Exchange } from '../exchange.ts';
import type { FaultPlan } from '../faults/fault-rules.ts';
import { applyFaultsAfter, applyFaultsBefore } from '../faults/inject-faults.ts';
import type { AnyHandler } from '../operations/context.ts';
import { drainBody } from '../receive-body.ts';
import type { RegistryContext } from '../registry/exchange.ts';
import { ServiceError } from '../service-error.ts';
import { type ClaimedIdentity, checkSignedHeaders, verifySignature } from '../sigv4/verify-signature.ts';
import type { BufferPool } from './buffer-pool.ts';
import { runOperation } from './run-operation.ts';
import { limitBody, refuseAnnounced, withBody } from './with-body.ts';

/**
 * Answers one request to the JSON API. Never rejects. AWS's order of checks is not known. Ours is in `CHOICES.orderOfChecks`.
 */
export async function handleApiRequest(exchange: Exchange, context: ApiContext): Promise<void> {
  try {
    const output = await answer(exchange, context);
    if (output !== undefined) sendJson(exchange, 200, output);
  } catch (error) {
    sendError(exchange, context, error);
  }
}

/** The operation's output. Undefined when a fault has replaced the answer. */
async function answer(exchange: Exchange, context: ApiContext): Promise<object | undefined> {
  const operation = readOperation(context, exchange.request.headers['x-amz-target']);
  exchange.operation = operation;
  const count = (bytes: number) => {
    exchange.bytes += bytes;
  };
  const limits = limitBody(operation);
  refuseAnnounced(exchange.request, limits);
  const claim = await claimIdentity(exchange, context, count);
  const settings = { pool: context.bufferPool, budget: context.bodyBudget, ...limits };
  return withBody(exchange.request, settings, count, async (body) => {
    const { method = '', url = '', rawHeaders } = exchange.request;
    const received = { method, url, rawHeaders, bodyHash: body.hash };
    const principal = verifySignature(claim, received, context.now());
    if (operation === undefined) throw new ServiceError('UnknownOperationException', '');

    const effects = context.faults.next(operation);
    if (await applyFaultsBefore(effects, exchange, context.closing)) return undefined;
    context.quotas.take(operation, principal.registryId);
    const output = await runOperation(operation, body.parse(), { ...context, principal }, effects);
    return applyFaultsAfter(effects, exchange, output);
  });
}

/** Checks the headers before any byte of the body is kept. Reads a refused body to its end, because clients read the answer only afterwards. */
async function claimIdentity(
  { request }: Exchange,
  { identity, service, now }: ApiContext,
  count: (bytes: number) => void,
): Promise<ClaimedIdentity> {
  try {
    return checkSignedHeaders(request.headers, identity.principals, service, now());
  } catch (error) {
    await drainBody(request, count);
    throw error;
  }
}

function readOperation({ service }: ApiContext, target: string | string[] | undefined): string | undefined {
  const prefix = `${service.targetPrefix}.`;
  if (typeof target !== 'string' || !target.startsWith(prefix)) return undefined;
  const name = target.slice(prefix.length);
  return Object.hasOwn(service.operations, name) ? name : undefined;
}

function sendError(exchange: Exchange, context: ApiContext, error: unknown): void {
  // The client disconnected while it was sending.
  if (exchange.request.destroyed && !exchange.request.complete) {
    exchange.log(0);
  } else if (error instanceof ServiceError) {
    const { exception, message, members, status } = error;
    const body = { __type: exception, ...members, ...(message !== '' && { message }) };
    // The rest of the body is never read.
    sendJson(exchange, status, body, exchange.request.complete ? {} : { connection: 'close' });
  } else {
    context.onError(error);
    sendJson(exchange, 500, { __type: 'ServerException', message: 'Internal server error' });
  }
}

/** JSON leaves out members that are undefined. */
function sendJson(exchange: Exchange, status: number, body: object, more: OutgoingHttpHeaders = {}): void {
  const headers = { ...more, 'content-type': CONTENT_TYPE, 'x-amzn-requestid': exchange.requestId };
  exchange.send(status, headers, JSON.stringify(body));
}

/** The emulator, as requests to the JSON API see it. */
export interface ApiContext extends RegistryContext {
  /** By name, for every operation of the service. */
  readonly handlers: Readonly<Record<string, AnyHandler>>;
  readonly faults: FaultPlan;
  readonly bufferPool: BufferPool;
  /** Aborted when the emulator closes. */
  readonly closing: AbortSignal;
}
