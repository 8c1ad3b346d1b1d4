import { open } from 'node:fs/promises';
import { formatJson } from '../../foreign-text.ts';
import { explainUnwritable } from '../unwritable-output.ts';

export interface RequestLog {
  write(entry: object): void;
  /** Resolves when every entry is in the file. */
  close(): Promise<void>;
}

/** A log that falls behind by more than this loses lines rather than taking ever more memory. */
const MOST_WAITING_BYTES = 16 * 1024 * 1024;

/** Opens a file for one JSON line per request; an existing one is continued. */
export async function openRequestLog(path: string): Promise<RequestLog> {
  const file = await open(path, 'a').catch((cause: unknown) => {
    const output = { what: 'the log', option: '--log', path, fileName: 'requests.jsonl' };
    throw explainUnwritable(output, cause);
  });
  const stream = file.createWriteStream();
  // A log that cannot be continued (disk full) is no reason to stop serving.
  stream.on('error', () => undefined);
  return {
    write(entry) {
      if (stream.writableLength < MOST_WAITING_BYTES) stream.write(`${formatJson(entry)}\n`);
    },
    close: () => new Promise((resolve) => stream.end(() => resolve())),
  };
}
