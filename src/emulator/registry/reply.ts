import type { ServerResponse } from 'node:http';
import type { RegistryError } from './registry-error.ts';

/** Sends a whole body; to a HEAD, its headers alone. */
export function sendBody(
  response: ServerResponse,
  status: number,
  contentType: string,
  body: string | Buffer,
): void {
  response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

/** The error frame, with the line feed at its end that the service sends. */
export function sendError(response: ServerResponse, { status, code, message, headers }: RegistryError): void {
  const body = `${JSON.stringify({ errors: [{ code, message }] })}\n`;
  response.writeHead(status, {
    ...headers,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}
