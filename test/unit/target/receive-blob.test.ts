import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { KnownBlob } from '../../../src/ends/blob.ts';
import type { UploadEvent } from '../../../src/ends/image-target.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { receiveBlob } from '../../../src/target/receive-blob.ts';
import { catchError } from '../../support/catch-error.ts';
import { makeRandomBytes } from '../../support/images.ts';
import { useTemporaryDirectories } from '../../support/temporary-directory.ts';

const makeDirectory = useTemporaryDirectories();
const { signal } = new AbortController();
const content = makeRandomBytes('blob', 3_300_000);

interface Served {
  readonly blob: KnownBlob;
  /** From which byte each reading began. */
  readonly starts: number[];
}

/** A blob whose source gives `bytes`, in chunks that share their memory, and then fails with `failure`. */
function serve(bytes: Buffer, failure?: Error): Served {
  const starts: number[] = [];
  const memory = Buffer.alloc(65_536);
  async function* read(start: number): AsyncGenerator<Buffer> {
    for (let at = start; at < bytes.length; at += memory.length) {
      const copied = bytes.copy(memory, 0, at, Math.min(at + memory.length, bytes.length));
      yield memory.subarray(0, copied);
    }
    if (failure) throw failure;
  }
  const described = { digest: digestOf(content), size: content.length };
  const blob: KnownBlob = {
    kind: 'known',
    id: described.digest,
    role: 'layer',
    content: described,
    open(start) {
      starts.push(start);
      return { bytes: read(start), finish: () => described };
    },
  };
  return { blob, starts };
}

async function receive(
  path: string,
  { blob }: Served,
): Promise<{ there: number; events: UploadEvent[]; grown: number[] }> {
  const events: UploadEvent[] = [];
  const grown: number[] = [];
  const watch = {
    onEvent: (event: UploadEvent) => events.push(event),
    onWritten: (bytes: number) => grown.push(bytes),
  };
  const there = await receiveBlob(path, blob, watch, signal);
  return { there, events, grown };
}

async function makePath(found?: Buffer): Promise<string> {
  const path = join(await makeDirectory(), 'blob');
  if (found) writeFileSync(path, found);
  return path;
}

it('writes the bytes, and tells how far it is', async () => {
  const path = await makePath();
  const { there, events, grown } = await receive(path, serve(content));
  expect(there).toBe(0);
  expect(readFileSync(path).equals(content)).toBe(true);
  expect(grown).toEqual([1_048_576, 2_097_152, 3_145_728, 3_300_000]);
  expect(events.at(-1)).toMatchObject({ kind: 'blob-sent', bytes: content.length });
});

it('continues what is there, and asks for nothing if all is there', async () => {
  const path = await makePath(content.subarray(0, 1_234_567));
  const served = serve(content);
  const { there, grown } = await receive(path, served);
  expect([there, served.starts, grown]).toEqual([1_234_567, [1_234_567], []]);
  expect(readFileSync(path).equals(content)).toBe(true);
  const again = serve(content);
  expect((await receive(path, again)).there).toBe(content.length);
  expect(again.starts).toEqual([]);
});

it('begins anew if what is there is wrong or too long', async () => {
  const wrong = serve(content);
  const path = await makePath(Buffer.alloc(2_000_000));
  const { there, events } = await receive(path, wrong);
  expect([there, wrong.starts]).toEqual([0, [2_000_000, 0]]);
  expect(events).toContainEqual(
    expect.objectContaining({ kind: 'blob-restarted', reason: 'refused', nextByte: 0 }),
  );
  expect(readFileSync(path).equals(content)).toBe(true);
  const long = await makePath(Buffer.concat([content, content]));
  expect((await receive(long, serve(content))).there).toBe(0);
  expect(readFileSync(long).equals(content)).toBe(true);
});

it('keeps what came before the source failed', async () => {
  const path = await makePath();
  const failure = new Error('the line is cut');
  await expect(receive(path, serve(content.subarray(0, 2_500_000), failure))).rejects.toBe(failure);
  expect(readFileSync(path).equals(content.subarray(0, 2_500_000))).toBe(true);
});

it('keeps nothing of bytes with another digest', async () => {
  const path = await makePath();
  const lie = makeRandomBytes('lie', content.length);
  const error = await catchError(() => receive(path, serve(lie)));
  expect(error).toMatchObject({ code: 'UNAVAILABLE' });
  expect(error.message).toContain(digestOf(lie));
  expect(statSync(path).size).toBe(0);
});

it('ends when aborted, even while no byte comes', async () => {
  const controller = new AbortController();
  const { blob } = serve(content);
  async function* wait(): AsyncGenerator<Buffer> {
    yield content.subarray(0, 10);
    controller.abort(new Error('enough'));
    await new Promise(() => undefined);
  }
  const stuck: KnownBlob = { ...blob, open: () => ({ bytes: wait(), finish: () => blob.content }) };
  const receiving = receiveBlob(await makePath(), stuck, { onEvent: () => undefined }, controller.signal);
  await expect(receiving).rejects.toThrow('enough');
});
