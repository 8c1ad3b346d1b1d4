import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { OpenLayer } from '../storage/store.ts';

/** Sends a layer, or the range of it that the request asks for. Resolves when it is sent. `refuseRange` answers a range that has no byte. */
export async function sendLayer(
  request: IncomingMessage,
  response: ServerResponse,
  layer: OpenLayer,
  refuseRange = refuseEmptyRange,
): Promise<void> {
  const { size } = layer;
  // Answers have no validators, so a conditional range gets the whole layer.
  const range =
    request.headers['if-range'] === undefined ? readRange(request.headers.range, size) : undefined;
  if (range === 'unsatisfiable') return refuseRange(response, size);
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

function refuseEmptyRange(response: ServerResponse, size: number): void {
  response.writeHead(416, { 'content-range': `bytes */${size}`, 'content-length': 0 });
  response.end();
}

/** The bytes of [start, end). */
interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads a Range header for `size` bytes. Undefined for no header, and for a malformed one, another unit or several ranges: RFC 9110, section 14.2,
 * lets a server ignore those. `unsatisfiable` when no byte of the range exists.
 */
function readRange(header: string | undefined, size: number): ByteRange | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/i.exec(header ?? '');
  if (match === null) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const count = Number(last);
    return count === 0 || size === 0 ? 'unsatisfiable' : { start: Math.max(0, size - count), end: size };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return undefined;
  if (start >= size) return 'unsatisfiable';
  return { start, end: last === '' ? size : Math.min(size, Number(last) + 1) };
}
