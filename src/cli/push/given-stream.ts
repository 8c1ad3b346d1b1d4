import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { openFifo } from '../../source/byte-file.ts';
import type { ImageSource } from '../../source/image-source.ts';
import { blamePipe } from '../../source/refusals.ts';
import type { CommandContext } from '../command-context.ts';

/** What it is called in messages. */
export const STANDARD_INPUT = 'standard input';

/** A source whose bytes come once. */
export interface GivenStream {
  /** For messages. */
  readonly name: string;
  readonly stream: Readable;
}

/** Standard input, or a FIFO, as `<(docker save NAME:TAG)` gives one; undefined for a source that is neither. */
export function findGivenStream({ io }: CommandContext, source: string): GivenStream | undefined {
  if (source === '-') return { name: STANDARD_INPUT, stream: io.stdin };
  const stream = openFifo(resolve(io.cwd, source));
  return stream && { name: source, stream };
}

/** Opens what a command writes; when it ends early, the error says where to look. */
export async function openWritten(open: () => Promise<ImageSource>): Promise<ImageSource> {
  try {
    return await open();
  } catch (error) {
    throw blamePipe(error);
  }
}
