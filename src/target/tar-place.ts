import { chmod, type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type KeptDirectory, keepDirectory } from '../files/kept-directory.ts';
import type { OutputTarget } from '../files/output-file.ts';
import { type TarOutput, TarWriter } from './tar-writer.ts';

/** Where a tar is written. */
export interface TarPlace {
  /** A private directory on the disk, for what is fetched. An interrupted run leaves it to the next. */
  readonly directory: string;
  readonly tar: TarWriter;
  /** The tar is a stream: the size of an entry must be known before its bytes. */
  readonly isStream: boolean;
  /** Gives the tar its name. Called after the last byte. */
  complete(): Promise<void>;
  /** Frees all. Without `complete`, leaves what was fetched to the next run, and returns where; undefined if there is nothing. */
  close(): Promise<string | undefined>;
}

/** The tar under another name, until it is whole. */
const UNFINISHED = 'unfinished.tar';

/**
 * Opens a tar file that is written beside its path and renamed at the end, over an existing file. What is fetched is kept beside it as well. Throws the
 * system's error.
 */
export async function openTarFile(target: OutputTarget): Promise<TarPlace> {
  const { path } = target;
  const kept = keepDirectory(dirname(path), `.${basename(path)}.ecrp-pull`);
  const unfinished = join(kept.path, UNFINISHED);
  const file = await open(unfinished, 'w', 0o666);
  const output = new FileOutput(file);
  const close = async (): Promise<void> => {
    await output.flush().catch(() => undefined);
    await file.close();
  };
  return {
    directory: kept.path,
    tar: new TarWriter(output),
    isStream: false,
    async complete() {
      await output.flush();
      const mode = target.kind === 'regular' ? (await stat(path)).mode : undefined;
      if (mode !== undefined) await chmod(unfinished, mode);
      await rename(unfinished, path);
      kept.remove();
    },
    async close() {
      await close();
      await rm(unfinished, { force: true });
      return kept.release();
    },
  };
}

/** Opens a tar that is written into a stream. What is fetched is kept in `kept`. */
export function openTarStream(write: (bytes: Buffer) => Promise<void>, kept: KeptDirectory): TarPlace {
  return {
    directory: kept.path,
    tar: new TarWriter({ write }),
    isStream: true,
    async complete() {
      kept.remove();
    },
    close: async () => kept.release(),
  };
}

/** Writes one chunk while the next is made. */
class FileOutput implements TarOutput {
  readonly #file: FileHandle;
  #position = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async write(bytes: Buffer): Promise<void> {
    await this.#writing;
    this.#writing = this.#writeAt(bytes, this.#position);
    // It is awaited before the next one; until then a failure must not count as unhandled.
    this.#writing.catch(() => undefined);
    this.#position += bytes.length;
  }

  async rewrite(bytes: Buffer, position: number): Promise<void> {
    await this.flush();
    await this.#writeAt(bytes, position);
  }

  async flush(): Promise<void> {
    await this.#writing;
  }

  /** A disk that fills up accepts a part without an error, and refuses the rest. */
  async #writeAt(bytes: Buffer, position: number): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      at += (await this.#file.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
    }
  }
}
