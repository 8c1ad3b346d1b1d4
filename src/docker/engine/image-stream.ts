import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { EcrpError } from '../../errors.ts';
import { cutText, listNames } from '../../foreign-text.ts';
import { isObject } from '../../json.ts';
import { explainLoss, readRefusal } from './ask-engine.ts';
import { type EngineImages, explainRefusal } from './engine-images.ts';
import type { Engine } from './open-engine.ts';

/** Platform as the API takes it. */
export interface EnginePlatform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

export interface StreamOptions {
  /** For messages: `docker:app:1.0`. */
  readonly name: string;
  readonly platforms: readonly EnginePlatform[];
  /** Longest stream, in bytes. */
  readonly maxBytes: number;
}

/** The archive of images, as `docker save` writes it. */
export interface ImageStream {
  readonly stream: Readable;
  /** Explains an error of what reads the stream: the engine may be its cause. */
  explain(error: unknown): unknown;
}

/** The engine's words at the end of a stream that it could not finish. */
const ENGINE_ERROR = /\{"errorDetail":.{1,3000}\}\s*$/s;
/** Bytes in which they are looked for. */
const TAIL_BYTES = 4096;

/** True if the engine can leave out the other platforms: one since version 1.48 of the API, several since 1.52. */
export function choosesPlatforms({ apiVersion }: Engine, count: number): boolean {
  if (apiVersion === undefined) return false;
  const { major, minor } = apiVersion;
  return major > 1 || (major === 1 && minor >= (count > 1 ? 52 : 48));
}

/**
 * Asks an engine for the archive of images and waits until it begins. Throws INVALID_INPUT if the engine refuses, UNAVAILABLE if it breaks
 * off. The stream ends with an error when `signal` aborts.
 */
export async function openImageStream(
  engine: Engine,
  { wanted }: EngineImages,
  options: StreamOptions,
  signal: AbortSignal,
): Promise<ImageStream> {
  const query = new URLSearchParams();
  for (const name of wanted) query.append('names', name);
  for (const platform of options.platforms) query.append('platform', JSON.stringify(platform));
  let response: IncomingMessage;
  try {
    response = await engine.connection.get(`/images/get?${query}`, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw explainLoss(engine, error);
  }
  if (response.statusCode !== 200) {
    const refusal = await readRefusal(response);
    if (refusal.status === 404 && options.platforms.length > 0)
      throw refusePlatforms(options, refusal.message);
    throw await explainRefusal(engine, wanted[0] ?? '', refusal, signal);
  }
  return watchStream(response, engine, options, signal);
}

function watchStream(
  response: IncomingMessage,
  engine: Engine,
  { name, maxBytes }: StreamOptions,
  signal: AbortSignal,
): ImageStream {
  let last: Buffer = Buffer.alloc(0);
  let loss: EcrpError | undefined;
  async function* watch(): AsyncGenerator<Buffer> {
    let bytes = 0;
    try {
      for await (const chunk of response) {
        // HTTP streams yield Buffers, though their types do not say so.
        const read = chunk as Buffer;
        last = joinTail(last, read);
        bytes += read.length;
        if (bytes > maxBytes) throw refuseEndless(name, maxBytes);
        yield read;
      }
    } catch (error) {
      signal.throwIfAborted();
      loss = error instanceof EcrpError ? error : explainLoss(engine, error);
      throw loss;
    }
    const message = findEngineError(last);
    if (message !== undefined) throw refuseExport(name, message);
  }
  return {
    stream: Readable.from(watch()),
    explain(error) {
      const message = findEngineError(last);
      return loss ?? (message === undefined ? error : refuseExport(name, message));
    },
  };
}

function joinTail(last: Buffer, chunk: Buffer): Buffer {
  return chunk.length >= TAIL_BYTES ? chunk : Buffer.concat([last.subarray(-TAIL_BYTES), chunk]);
}

/** An engine whose export fails after its first byte writes a message of its JSON stream instead of the rest (moby, `getImagesGet`). */
function findEngineError(last: Buffer): string | undefined {
  const [text] = ENGINE_ERROR.exec(last.subarray(-TAIL_BYTES).toString('latin1')) ?? [];
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'latin1').toString());
    return isObject(value) && typeof value.error === 'string' ? cutText(value.error) : undefined;
  } catch {
    return undefined;
  }
}

/** The image is there, as the engine was asked before. */
function refusePlatforms({ name, platforms }: StreamOptions, message: string): EcrpError {
  const asked = platforms.map(({ os, architecture, variant }) =>
    [os, architecture, variant].filter(Boolean).join('/'),
  );
  return new EcrpError('USAGE', `${name}: the engine does not have it for ${listNames(asked)}: ${message}`, {
    hint: 'Choose one of its platforms: `docker image ls --tree` shows them.',
  });
}

function refuseExport(name: string, message: string): EcrpError {
  return new EcrpError('INVALID_INPUT', `${name}: the engine could not write out the image: ${message}`, {
    hint: 'Free space on its disk, or pull the image again, if that is the reason.',
  });
}

function refuseEndless(name: string, maxBytes: number): EcrpError {
  return new EcrpError('INVALID_INPUT', `${name}: the engine sends more than ${maxBytes} bytes`, {
    hint: 'Push fewer images at once, or save them with `docker save -o FILE` first.',
  });
}
