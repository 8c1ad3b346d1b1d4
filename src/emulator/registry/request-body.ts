import type { Exchange } from './exchange.ts';

/** The body of a request in chunks as they come, counted in `received`. */
export async function* readBody(exchange: Exchange): AsyncGenerator<Buffer> {
  // Without an encoding set, a request's chunks are buffers.
  for await (const chunk of exchange.request as AsyncIterable<Buffer>) {
    exchange.received.bytes += chunk.length;
    yield chunk;
  }
}
