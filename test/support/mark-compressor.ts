import type { Compressor } from '../../src/ends/compressor.ts';

/** Makes any bytes longer by one. */
export const compressor: Compressor = {
  id: 'mark',
  compression: 'gzip',
  async *compress(input) {
    yield Buffer.from('>');
    yield* input;
  },
};

/** Returns its output for these bytes. */
export function mark(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from('>'), bytes]);
}
