import { EcrpError } from '../errors.ts';
import { describeFileError, lacksRoom } from '../files/file-errors.ts';
import { escapeLine } from '../foreign-text.ts';
import type { Output } from '../io.ts';

/** Length of the pieces in which long lists are written, in characters. */
export const PIECE_CHARS = 64 * 1024;

/** Prints text unchanged. Rejects if the stream cannot be written. */
export async function printText(stream: Output, text: string): Promise<void> {
  if (text !== '') await writeText(stream, text);
}

/** Prints lines, each escaped, in pieces. Ends early when the reader has gone away. Rejects if the stream cannot be written. */
export async function printLines(stream: Output, lines: Iterable<string>): Promise<void> {
  let piece = '';
  for (const line of lines) {
    piece += `${escapeLine(line)}\n`;
    if (piece.length < PIECE_CHARS) continue;
    if (!(await writeText(stream, piece))) return;
    piece = '';
  }
  await printText(stream, piece);
}

/** Codes of a write after the reader has gone away, as in `… | head`. */
const readerIsGone = ['EPIPE', 'ERR_STREAM_DESTROYED'];

/** Resolves when the text or the bytes are handed over: true, or false when its reader has gone away. Rejects if the stream cannot be written. */
export function writeText(stream: Output, text: string | Buffer): Promise<boolean> {
  return new Promise((resolve, reject) => {
    stream.write(text, (cause) => {
      if (!cause) return resolve(true);
      if ('code' in cause && readerIsGone.includes(String(cause.code))) return resolve(false);
      const hint = lacksRoom(cause)
        ? 'Free space on the disk of standard output, then run the command again.'
        : 'Redirect standard output to a place that can be written, then run the command again.';
      const message = `standard output cannot be written: ${describeFileError(cause)}`;
      reject(new EcrpError('INVALID_INPUT', message, { hint, cause }));
    });
  });
}
