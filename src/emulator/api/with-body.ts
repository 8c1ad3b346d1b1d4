import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { OperationName } from '../../wire/operations.ts';
import type { ByteBudget } from '../byte-budget.ts';
import type { JsonObject } from '../json.ts';
import { MAX_READ_BYTES, readAnnounced, receiveBody, reserveMemory } from '../receive-body.ts';
import { ServiceError } from '../service-error.ts';
import { BodyParser } from './body-parser.ts';
import type { BufferPool } from './buffer-pool.ts';

const MIB = 1024 * 1024;
/** Room for the largest layer part (20 MiB, as base64 28 MB) and for a manifest of 4 MiB in JSON. A slightly larger part still gets its own error. */
const MAX_BODY_BYTES = 32 * MIB;
/** Room for a logo, and for 10,000 tags. */
const MAX_OTHER_BODY_BYTES = 4 * MIB;

export interface ReceivedBody {
  /** Throws SerializationException when the body is no JSON object. */
  readonly parse: () => JsonObject;
  /** SHA-256, lower-case hexadecimal. */
  readonly hash: string;
}

export interface BodyLimits {
  readonly maximumBytes: number;
  /** The member that may be there as bytes. */
  readonly blobMember: string | undefined;
}

interface BodySettings extends BodyLimits {
  readonly pool: BufferPool;
  readonly budget: ByteBudget;
}

/** Limits for the body of an operation; undefined stands for an unknown one. */
export function limitBody(operation: OperationName | undefined): BodyLimits {
  const isLarge = operation === 'UploadLayerPart' || operation === 'PutImage';
  return {
    maximumBytes: isLarge ? MAX_BODY_BYTES : MAX_OTHER_BODY_BYTES,
    blobMember: operation === 'UploadLayerPart' ? 'layerPartBlob' : undefined,
  };
}

/** Throws RequestEntityTooLarge for an announced length above what is ever read. */
export function refuseAnnounced(request: IncomingMessage, { maximumBytes }: BodyLimits): void {
  if (readAnnounced(request) > MAX_READ_BYTES) throw tooLarge(maximumBytes);
}

/**
 * Takes a body in, hashing and decoding it on the way, and lends it to `use`; its bytes are gone when that settles. A body above its maximum is kept
 * nowhere and reported as RequestEntityTooLarge, at the latest when 64 MiB have come. Rejects with the stream's error when the client goes away or is slow.
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
    // From here on the client waits for us.
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
