import { pipeline } from 'node:stream/promises';
import { findRegistryById } from '../served-registry.ts';
import type { OpenLayer } from '../storage/store.ts';
import { readRange } from './byte-range.ts';
import { readDownload } from './download-address.ts';
import type { Exchange } from './exchange.ts';
import { blobUnknown, RegistryError } from './registry-error.ts';

/** A layer's bytes, whole or in part, at an address that `redirectToBlob` gave out. It needs no token and looks at none. */
export async function serveDownload(exchange: Exchange, signed: string): Promise<void> {
  const { context } = exchange;
  const download = readDownload(context, signed);
  if (download === undefined) throw new RegistryError(403, 'DENIED', 'Access denied');
  const { registryId, repositoryName, digest } = download;
  const served = findRegistryById(context.registries, registryId);
  const layer = await served?.store.openLayer(repositoryName, digest);
  if (layer === undefined) throw blobUnknown(digest);
  if (context.registryRules.digestHeaderOnGet) exchange.response.setHeader('docker-content-digest', digest);
  await sendLayer(exchange, layer);
}

async function sendLayer({ request, response }: Exchange, layer: OpenLayer): Promise<void> {
  const { size } = layer;
  // Without validators in the answers, a conditional range can only be answered whole.
  const range =
    request.headers['if-range'] === undefined ? readRange(request.headers.range, size) : undefined;
  if (range === 'unsatisfiable') {
    response.writeHead(416, { 'content-range': `bytes */${size}`, 'content-length': 0 });
    response.end();
    return;
  }
  const { start, end } = range ?? { start: 0, end: size };
  response.writeHead(range === undefined ? 200 : 206, {
    'content-type': 'application/octet-stream',
    'accept-ranges': 'bytes',
    'content-length': end - start,
    ...(range !== undefined && { 'content-range': `bytes ${start}-${end - 1}/${size}` }),
  });
  if (request.method === 'HEAD') response.end();
  else await pipeline(layer.read(start, end), response);
}
