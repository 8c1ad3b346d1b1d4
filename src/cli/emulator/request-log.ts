import { open } from 'node:fs/promises';
import { EcrpError } from '../../errors.ts';
import { formatJson } from '../../foreign-text.ts';

export interface RequestLog {
  write(entry: object): void;
  /** Resolves when every entry is in the file. */
  close(): Promise<void>;
}

/** Opens a file for one JSON line per request; an existing one is continued. */
export async function openRequestLog(path: string): Promise<RequestLog> {
  const file = await open(path, 'a').catch((cause: NodeJS.ErrnoException) => {
    throw new EcrpError('INVALID_INPUT', `cannot write the log ${path}: ${cause.message}`, { cause });
  });
  const stream = file.createWriteStream();
  // A log that cannot be continued (disk full) is no reason to stop serving.
  stream.on('error', () => undefined);
  return {
    write(entry) {
      stream.write(`${formatJson(entry)}\n`);
    },
    close: () => new Promise((resolve) => stream.end(() => resolve())),
  };
}
