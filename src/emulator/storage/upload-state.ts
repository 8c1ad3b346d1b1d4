import { createHash, type Hash } from 'node:crypto';
import type { Upload } from './model.ts';

/** An upload in progress, in memory. */
export class UploadState implements Upload {
  readonly uploadId: string;
  readonly repositoryName: string;
  readonly startedAt: number;
  readonly partSizes: number[] = [];
  nextByte = 0;
  /** Of all bytes below `nextByte`; undefined after a restart in the midst of an upload: then the file has to be read again for it. */
  hash: Hash | undefined = createHash('sha256');
  #last: Promise<unknown> = Promise.resolve();

  constructor(uploadId: string, repositoryName: string, startedAt: number) {
    this.uploadId = uploadId;
    this.repositoryName = repositoryName;
    this.startedAt = startedAt;
  }

  /** Leaves `hash` undefined: whoever has seen the bytes sets it. */
  addPart(size: number): void {
    this.partSizes.push(size);
    this.nextByte += size;
    this.hash = undefined;
  }

  /** Runs `task` when everything that was given before has ended. */
  runInTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(task);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** Settles when nothing is running or waiting. */
  async settle(): Promise<void> {
    await this.#last;
  }
}
