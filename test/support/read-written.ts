import type { Readable } from 'node:stream';

/** Reads what was written to a stream and not read yet. Since Node 26, `read()` returns one chunk of it. */
export function readWritten(stream: Readable): string {
  let text = '';
  for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) text += chunk;
  return text;
}
