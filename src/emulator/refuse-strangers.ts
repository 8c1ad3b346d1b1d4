import type { IncomingMessage } from 'node:http';
import type { Exchange } from './exchange.ts';
import { isLoopbackName, readHostName } from './host-names.ts';

/** How many characters of a refused Host the message repeats. */
const SHOWN_CHARS = 100;

interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/**
 * Refuses a request whose Host is not a name of this emulator, and every request of a page in a browser. Returns whether it answered. The default keys are
 * public, so a page that rebinds its DNS name to this machine could sign calls; it cannot change its Host header.
 */
export function refuseStranger(exchange: Exchange, names: ReadonlySet<string>): boolean {
  const refusal = findRefusal(exchange.request, names);
  if (refusal === undefined) return false;
  const { status, code, message } = refusal;
  const isRegistry = /^\/(?:v2|token)(?:\/|$)/.test(exchange.request.url ?? '');
  const body = isRegistry ? { errors: [{ code, message }] } : { __type: code, message };
  const headers = { 'content-type': 'application/json', connection: 'close' };
  exchange.send(status, headers, `${JSON.stringify(body)}\n`);
  return true;
}

function findRefusal({ headers }: IncomingMessage, names: ReadonlySet<string>): Refusal | undefined {
  const name = readHostName(headers.host);
  if (name === undefined || !(isLoopbackName(name) || names.has(name))) {
    const given = (headers.host ?? '').slice(0, SHOWN_CHARS);
    const message = `ecrp emulator: '${given}' is not a name of this emulator. Start it with --allow-host for each name it is reached by.`;
    return { status: 421, code: 'MisdirectedRequest', message };
  }
  if (headers.origin === undefined) return undefined;
  const message = 'ecrp emulator: pages in a browser may not call it.';
  return { status: 403, code: 'CrossOriginRequest', message };
}
