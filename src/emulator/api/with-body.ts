import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { ParsedObject } from '../json.ts';
import {
  type BodyBudget,
  MAX_READ_BYTES,
  readAnnounced,
  receiveBody,
  reserveMemory,
} from '../receive-body.ts';
import { ServiceError } from '../service-error.ts';
import { BodyParser } from './body-parser.ts';
import type { BufferPool } from './buffer-pool.ts';

const MIB = 1024 * 1024;
/** Enough for the largest layer part (20 MiB, 28 MB in base64) and a manifest of 4 MiB in JSON. A slightly larger part gets its own error. */
const MAX_BODY_BYTES = 32 * MIB;
/** Enough for a logo, or 10,000 tags. */
const MAX_OTHER_BODY_BYTES = 4 * MIB;

export interface ReceivedBody {
  /** Throws SerializationException for anything but a JSON object. */
  readonly parse: () => ParsedObject;
  /** SHA-256, lower-case hexadecimal. */
  readonly hash: string;
}

export interface BodyLimits {
  readonly maximumBytes: number;
  /** The member that is decoded while the body arrives. */
  readonly blobMember: string | undefined;
}

interface BodySettings extends BodyLimits {
  readonly pool: BufferPool;
  readonly budget: BodyBudget;
}

/** The limits for the body of an operation, or of an unknown one. */
export function limitBody(operation: string | undefined): BodyLimits {
  const isLarge = operation === 'UploadLayerPart' || operation === 'PutImage';
  return {
    maximumBytes: isLarge ? MAX_BODY_BYTES : MAX_OTHER_BODY_BYTES,
    blobMember: operation === 'UploadLayerPart' ? 'layerPartBlob' : undefined,
  };
}

/** Throws RequestEntityTooLarge for an announced length above `MAX_READ_BYTES`. */
export function refuseAnnounced(request: IncomingMessage, { maximumBytes }: BodyLimits): void {
  if (readAnnounced(request) > MAX_READ_BYTES) throw tooLarge(maximumBytes);
}

/**
 * Receives a body, hashes and decodes it on the way, and lends it to `use` until that settles. A body above its maximum is discarded: rejects with
 * RequestEntityTooLarge, after 64 MiB at the latest. Rejects with the stream's error when the client disconnects or is slow.
 */
export async function withBody<Result>(
  request: IncomingMessage,
  { pool, budget, blobMember, maximumBytes }: BodySettings,
  onBytes: (count: number) => void,
  use: (body: ReceivedBody) => Promise<Result>,
): Promise<Result> {
  const announced = readAnnounced(request);
  const isKept = announced <= maximumBytes;
  const release = await reserveMemory(request, budget, isKept ? announced || maximumBytes : 0);
  const parser = new BodyParser(pool, isKept ? announced : 0, blobMember);
  try {
    let length = 0;
    const hash = createHash('sha256');
    await receiveBody(request, (chunk) => {
      onBytes(chunk.length);
      length += chunk.length;
      if (isKept && length <= maximumBytes) {
        hash.update(chunk);
        parser.append(chunk);
      }
      return length <= MAX_READ_BYTES;
    });
    if (length > maximumBytes) throw tooLarge(maximumBytes);
    // The client waits for the answer now, so the idle timeout is off.
    request.setTimeout(0);
    return await use({ parse: () => parser.parse(), hash: hash.digest('hex') });
  } finally {
    parser.release();
    release();
  }
}

function tooLarge(maximumBytes: number): ServiceError {
  return new ServiceError('RequestEntityTooLarge', `HTTP content length exceeded ${maximumBytes} bytes.`);
}
