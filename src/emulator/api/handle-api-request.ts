import type { OutgoingHttpHeaders } from 'node:http';
import { OPERATIONS, type OperationName } from '../../wire/operations.ts';
import { CONTENT_TYPE, TARGET_PREFIX } from '../../wire/service.ts';
import type { Exchange } from '../exchange.ts';
import { discardBody } from '../receive-body.ts';
import { ServiceError } from '../service-error.ts';
import { type Claim, judgeHeaders, verifySignature } from '../sigv4/verify-signature.ts';
import type { ApiContext } from './api-context.ts';
import { applyFaultsAfter, applyFaultsBefore } from './inject-faults.ts';
import { runOperation } from './run-operation.ts';
import { limitBody, refuseAnnounced, withBody } from './with-body.ts';

/**
 * Answers one request of the JSON API; never rejects. The order of the checks is ours, as AWS's is not known: headers, size of the body, signature,
 * operation, types, permission, constraints, and then what the operation itself checks.
 */
export async function handleApiRequest(exchange: Exchange, context: ApiContext): Promise<void> {
  try {
    const output = await answer(exchange, context);
    if (output !== undefined) sendJson(exchange, 200, output);
  } catch (error) {
    sendError(exchange, context, error);
  }
}

/** The operation's output; undefined when a fault took the answer's place. */
async function answer(exchange: Exchange, context: ApiContext): Promise<object | undefined> {
  const operation = readOperation(exchange.request.headers['x-amz-target']);
  exchange.operation = operation;
  const count = (bytes: number) => {
    exchange.bytes += bytes;
  };
  const limits = limitBody(operation);
  refuseAnnounced(exchange.request, limits);
  const claim = await judgeFirst(exchange, context, count);
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

/** Judges the headers before any byte of the body is kept. A refused body is still read, because clients read the answer only after they sent it. */
async function judgeFirst(
  { request }: Exchange,
  { identity, now }: ApiContext,
  count: (bytes: number) => void,
): Promise<Claim> {
  try {
    return judgeHeaders(request.headers, identity.principals, now());
  } catch (error) {
    await discardBody(request, count);
    throw error;
  }
}

function readOperation(target: string | string[] | undefined): OperationName | undefined {
  const prefix = `${TARGET_PREFIX}.`;
  if (typeof target !== 'string' || !target.startsWith(prefix)) return undefined;
  const name = target.slice(prefix.length);
  return Object.hasOwn(OPERATIONS, name) ? (name as OperationName) : undefined; // as: just looked up
}

function sendError(exchange: Exchange, context: ApiContext, error: unknown): void {
  // The client went away while it was sending: nobody is left to be told.
  if (exchange.request.destroyed && !exchange.request.complete) {
    exchange.log(0);
  } else if (error instanceof ServiceError) {
    const { exception, message, members, status } = error;
    const body = { __type: exception, ...members, ...(message !== '' && { message }) };
    // What has not been read of the body is not going to be.
    sendJson(exchange, status, body, exchange.request.complete ? {} : { connection: 'close' });
  } else {
    context.onError(error);
    sendJson(exchange, 500, { __type: 'ServerException', message: 'Internal server error' });
  }
}

/** Members that are undefined are left out by JSON. */
function sendJson(exchange: Exchange, status: number, body: object, more: OutgoingHttpHeaders = {}): void {
  const headers = { ...more, 'content-type': CONTENT_TYPE, 'x-amzn-requestid': exchange.requestId };
  exchange.send(status, headers, JSON.stringify(body));
}
