import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiContext } from './api/api-context.ts';
import { handleApiRequest } from './api/handle-api-request.ts';
import { FAULTS_PATH, handleFaultsRequest } from './control.ts';
import { Exchange, type RequestLogEntry } from './exchange.ts';
import { refuseStranger } from './refuse-strangers.ts';
import { handleRegistryRequest, isRegistryPath } from './registry/registry.ts';

/**
 * Routes a request to the JSON API or the registry, and lets both use the Host by which the client reached the emulator. `names` are the allowed hosts
 * besides loopback names. Never rejects.
 */
export async function routeRequest(
  request: IncomingMessage,
  response: ServerResponse,
  emulator: ApiContext,
  names: ReadonlySet<string>,
  onRequest: (entry: RequestLogEntry) => void,
): Promise<void> {
  const exchange = new Exchange(request, response, onRequest);
  const path = request.url?.split('?', 1)[0] ?? '';
  const context = { ...emulator, registryHost: request.headers.host ?? emulator.registryHost };
  try {
    if (refuseStranger(exchange, names)) return;
    if (isRegistryPath(path)) await answerAsRegistry(exchange, context);
    else if (path === FAULTS_PATH) await handleFaultsRequest(exchange, context.faults);
    else if (path === '/' && request.method === 'POST') await handleApiRequest(exchange, context);
    else exchange.send(404, { 'content-type': 'text/plain' }, 'Not found\n');
  } catch (error) {
    context.onError(error);
    exchange.reset();
  }
}

async function answerAsRegistry(exchange: Exchange, context: ApiContext): Promise<void> {
  const { request, response } = exchange;
  exchange.bytes = await handleRegistryRequest(request, response, context);
  exchange.log(response.headersSent ? response.statusCode : 0);
}
