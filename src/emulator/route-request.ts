import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { type ApiContext, handleApiRequest } from './api/handle-api-request.ts';
import { Exchange, type RequestLogEntry } from './exchange.ts';
import { FAULTS_PATH, handleFaultsRequest } from './faults/control.ts';
import { isLoopbackName, readHostName } from './http-server.ts';
import { isDownloadPath } from './private/download-address.ts';
import { serveLayerBucket } from './private/layer-bucket.ts';
import { handleRegistryRequest, isRegistryPath } from './registry/registry.ts';

/** Answers a request that has been let in. The context has the Host and the scheme by which the client reached the emulator. */
export type Answer = (exchange: Exchange, context: ApiContext) => Promise<void>;

/** Lets a request in and has it answered. `names` are the allowed hosts besides loopback names. Never rejects. */
export async function routeRequest(
  request: IncomingMessage,
  response: ServerResponse,
  emulator: ApiContext,
  names: ReadonlySet<string>,
  onRequest: (entry: RequestLogEntry) => void,
  answer: Answer = answerService,
): Promise<void> {
  const exchange = new Exchange(request, response, emulator.service.kind === 'private', onRequest);
  const { headers } = request;
  const registryHost = headers.host ?? emulator.registryHost;
  const context = { ...emulator, registryHost, scheme: readScheme(headers) };
  try {
    if (refuseStranger(exchange, names)) return;
    await answer(exchange, context);
  } catch (error) {
    // Otherwise the client is gone, which caused the error.
    if (!response.destroyed) context.onError(error);
    exchange.reset();
  }
}

/**
 * The scheme that a front in front of the emulator names. The first value of a list is that of the client. Every client is believed: the answer with these
 * addresses goes to it alone. Source: docker-registry reads the same header, and also from everybody.
 */
function readScheme(headers: IncomingHttpHeaders): 'http' | 'https' {
  const [first = ''] = String(headers['x-forwarded-proto'] ?? '').split(',');
  return first.trim().toLowerCase() === 'https' ? 'https' : 'http';
}

/** Chooses between the registry, the fault rules and the JSON API. */
async function answerService(exchange: Exchange, context: ApiContext): Promise<void> {
  const { request } = exchange;
  const path = request.url?.split('?', 1)[0] ?? '';
  if (isRegistryPath(path)) await answerAsRegistry(exchange, context);
  else if (path === FAULTS_PATH) await handleFaultsRequest(exchange, context.faults);
  else if (path === '/' && request.method === 'POST') await handleApiRequest(exchange, context);
  else if (isDownloadPath(context.service, path)) await serveLayerBucket(exchange, context);
  else exchange.send(404, { 'content-type': 'text/plain' }, 'Not found\n');
}

async function answerAsRegistry(exchange: Exchange, context: ApiContext): Promise<void> {
  const { request, response } = exchange;
  exchange.bytes = await handleRegistryRequest(request, response, context);
  exchange.log(response.headersSent ? response.statusCode : 0);
}

/** The number of characters of a refused Host that the message repeats. */
const SHOWN_CHARS = 100;

interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/**
 * Refuses a request whose Host is not a name of this emulator, and every request of a page in a browser. Returns true when it has answered. The default
 * keys are public, so a page that rebinds its DNS name to this machine could sign calls. But it cannot change its Host header.
 */
function refuseStranger(exchange: Exchange, names: ReadonlySet<string>): boolean {
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
    const message = `ecrp emulator: '${given}' is not a name of this emulator. Start it with --allow-host for each name that clients use.`;
    return { status: 421, code: 'MisdirectedRequest', message };
  }
  if (headers.origin === undefined) return undefined;
  const message = 'ecrp emulator: pages in a browser may not call the emulator.';
  return { status: 403, code: 'CrossOriginRequest', message };
}
