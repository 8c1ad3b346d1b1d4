import type { Exchange } from '../exchange.ts';
import { parseObject } from '../json.ts';
import { collectBody } from '../receive-body.ts';
import { type FaultPlan, parseFaults } from './fault-rules.ts';

/** The path where the fault rules of a running emulator are read and changed. */
export const FAULTS_PATH = '/emulator/faults';
/** Headers of requests that went through a front. */
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-forwarded-proto'];
const MAX_BODY_BYTES = 64 * 1024;
/** A body above the limit is read up to here, because clients read the answer only after they have sent everything. */
const MAX_READ_BYTES = 16 * MAX_BODY_BYTES;

/**
 * Answers `GET` (read the rules), `PUT {"faults": [RULE, …]}` (replace them, counters start again) and `DELETE` (remove them). Each answer has the rules
 * after the request. Requests from other machines are refused.
 */
export async function handleFaultsRequest(exchange: Exchange, faults: FaultPlan): Promise<void> {
  const { method } = exchange.request;
  if (!isLocal(exchange)) return sendError(exchange, 403, 'Only this machine may change faults');
  if (method === 'PUT') {
    const body = await collectBody(exchange.request, MAX_BODY_BYTES, MAX_READ_BYTES, (count) => {
      exchange.bytes += count;
    });
    const problem = replaceFaults(faults, body?.toString());
    if (problem !== undefined) return sendError(exchange, 400, problem);
  } else if (method === 'DELETE') {
    faults.replace([]);
  } else if (method !== 'GET') {
    return sendError(exchange, 405, 'Use GET, PUT or DELETE');
  }
  sendJson(exchange, 200, { faults: faults.rules.map((rule) => rule.text) });
}

/** Returns the problem of a bad request. Nothing has changed then. */
function replaceFaults(plan: FaultPlan, body: string | undefined): string | undefined {
  const given = parseObject(body ?? '')?.faults;
  if (!Array.isArray(given) || !given.every((rule) => typeof rule === 'string')) {
    return 'The body must be {"faults": [RULE, …]}';
  }
  try {
    plan.replace(parseFaults(given, plan.servesPrivate));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** A front on this machine may forward what others send. */
function isLocal({ request }: Exchange): boolean {
  const { headers, socket } = request;
  if (FORWARDED.some((name) => headers[name] !== undefined)) return false;
  return /^(?:::ffff:)?127\.|^::1$/.test(socket.remoteAddress ?? '');
}

function sendError(exchange: Exchange, status: number, message: string): void {
  sendJson(exchange, status, { message });
}

function sendJson(exchange: Exchange, status: number, body: object): void {
  exchange.send(status, { 'content-type': 'application/json' }, `${JSON.stringify(body)}\n`);
}
