import { once } from 'node:events';
import { request as ask, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ErrorCode } from '../../src/errors.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { refuse } from '../support/upload-registry.ts';
import { pick, type Random } from './storm-images.ts';

/** What can happen to a request for an upload through `/v2/`. */
export const FRONT_EFFECTS = [
  'reset-before',
  'reset-midst',
  'reset-after',
  'stall',
  'unauthorized',
  'bad-token',
  'throttle',
  'error-500',
  'page-503',
  'forget',
  'misplaced',
  'elsewhere',
  'lying-range',
  'wrong-digest',
] as const;

export interface FrontFault {
  readonly effect: (typeof FRONT_EFFECTS)[number];
  /** Which of the requests it is for: the nth, or each with this probability. */
  readonly trigger: { readonly on: number } | { readonly chance: number };
  /** Error that it may cause in a push, besides UNAVAILABLE. */
  readonly code: ErrorCode;
}

export function makeFrontFault(random: Random): FrontFault {
  const effect = pick(random, FRONT_EFFECTS);
  const isRare = effect === 'stall' || random() < 0.5;
  // Not each nth: an upload that begins anew sends its requests in the same order, so the same one would fail for ever.
  const trigger = isRare ? { on: 1 + Math.floor(random() * 12) } : { chance: 0.1 + random() * 0.3 };
  return {
    effect,
    trigger,
    code: effect === 'unauthorized' || effect === 'bad-token' ? 'AUTH' : 'UNAVAILABLE',
  };
}

export interface FaultFront {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** Replaces the faults. Counters start again. */
  setFaults(faults: readonly FrontFault[], random: Random): void;
  /** Number of faults that happened. */
  readonly counts: { faults: number };
  close(): void;
}

/** Starts a server that passes everything on to another one, and lets faults happen to uploads. */
export async function startFaultFront(url: string): Promise<FaultFront> {
  let rules: readonly { readonly fault: FrontFault; seen: number }[] = [];
  let draw: Random = () => 0;
  const counts = { faults: 0 };
  const next = (): FrontFault['effect'] | undefined => {
    let due: FrontFault['effect'] | undefined;
    for (const rule of rules) {
      rule.seen += 1;
      const { trigger, effect } = rule.fault;
      if ('on' in trigger ? rule.seen === trigger.on : draw() < trigger.chance) due ??= effect;
    }
    if (due !== undefined) counts.faults += 1;
    return due;
  };
  const server = createServer((incoming, outgoing) => {
    const isUpload = incoming.url?.includes('/blobs/uploads/') ?? false;
    const effect = isUpload ? next() : undefined;
    // The client is gone, or an effect has ended the connection.
    passOn(url, incoming, outgoing, effect, draw).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    // Listening on TCP.
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    setFaults: (faults, random) => {
      rules = faults.map((fault) => ({ fault, seen: 0 }));
      draw = random;
    },
    counts,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function passOn(
  url: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  effect: FrontFault['effect'] | undefined,
  draw: Random,
): Promise<void> {
  if (effect !== undefined && answerInstead(effect, incoming, outgoing)) return;
  const { method, url: path, headers } = incoming;
  const outward = ask(url + path, { method, headers });
  const answered = once(outward, 'response');
  answered.catch(() => undefined);
  const announced = Number(headers['content-length'] ?? 1_000_000);
  let left = effect === 'reset-midst' ? Math.floor(draw() * announced) : Number.POSITIVE_INFINITY;
  try {
    for await (const chunk of incoming) {
      if (!outward.write(chunk.subarray(0, left))) await once(outward, 'drain');
      left -= chunk.length;
      if (left <= 0) break;
    }
    if (effect === 'reset-midst') throw new Error('the connection breaks');
    outward.end();
    const [answer] = (await answered) as [IncomingMessage];
    if (effect === 'reset-after') throw new Error('the answer is lost');
    const changed = { ...answer.headers, ...(effect && changeAnswer(effect, incoming, answer)) };
    outgoing.writeHead(answer.statusCode ?? 500, changed);
    answer.pipe(outgoing);
    await once(outgoing, 'finish');
  } catch (error) {
    outward.on('error', () => undefined).destroy();
    const { socket } = outgoing;
    socket?.resetAndDestroy();
    throw error;
  }
}

/** Returns true when the effect has taken the place of the answer. */
function answerInstead(
  effect: FrontFault['effect'],
  { socket }: IncomingMessage,
  outgoing: ServerResponse,
): boolean {
  switch (effect) {
    case 'reset-before':
      socket.resetAndDestroy();
      return true;
    case 'stall':
      return true;
    case 'unauthorized':
      refuse(outgoing, 401, 'UNAUTHORIZED');
      return true;
    case 'bad-token':
      refuse(outgoing, 400, 'DENIED', 'Your Authorization Token is invalid.');
      return true;
    case 'throttle':
      refuse(outgoing, 429, 'TOOMANYREQUESTS', 'Rate exceeded');
      return true;
    case 'error-500':
      refuse(outgoing, 500, 'UNKNOWN');
      return true;
    case 'page-503':
      outgoing.writeHead(503, { 'content-type': 'text/html' }).end('<html></html>');
      return true;
    case 'forget':
      refuse(outgoing, 404, 'BLOB_UPLOAD_UNKNOWN');
      return true;
    case 'misplaced':
      refuse(outgoing, 416, 'BLOB_UPLOAD_INVALID', 'First byte of the layer part is 0 instead of 1');
      return true;
    default:
      return false;
  }
}

/** Headers that lie. */
function changeAnswer(
  effect: FrontFault['effect'],
  { method }: IncomingMessage,
  { headers }: IncomingMessage,
): Record<string, string> {
  if (effect === 'elsewhere' && headers.location !== undefined) {
    return { location: headers.location.replace(/:\d+\//, ':9/') };
  }
  if (effect === 'lying-range' && headers.range !== undefined) return { range: '0-12345' };
  return effect === 'wrong-digest' && method === 'PUT' ? { 'docker-content-digest': digestOf('other') } : {};
}
