import { readCount } from '../answers.ts';
import type { EcrClient } from '../client.ts';
import type { LayerPart, PartAnswer } from '../push-service.ts';
import type { RepositoryAddress } from '../repositories.ts';
import { PartEncoder } from './part-encoder.ts';
import { PartRequest } from './part-request.ts';

/** Shorter buffers are cheaper to allocate than to keep. */
const WORTH_KEEPING_BYTES = 1024 * 1024;

/** Returns the function that creates parts for one repository. Parts reuse the memory of released ones. */
export function preparePartUploads(
  { call, operations }: EcrClient,
  address: RepositoryAddress,
): (capacity: number) => LayerPart {
  const spareBuffers: Buffer[] = [];
  return (capacity) => {
    const encoder = new PartEncoder(
      capacity,
      capacity < WORTH_KEEPING_BYTES ? undefined : spareBuffers.pop(),
    );
    /** A request that has begun and belongs to no `upload` yet. */
    let begun: PartRequest | undefined;
    const makeRequest = (uploadId: string, start: number): PartRequest => {
      const members = {
        ...address,
        uploadId,
        partFirstByte: start,
        partLastByte: start + encoder.size - 1,
      };
      return new PartRequest(operations, members, encoder.finish(members));
    };
    const dropBegun = (): void => {
      begun?.drop();
      begun = undefined;
    };
    const takeRequest = (uploadId: string, start: number): PartRequest => {
      if (!begun?.isGoodFor(uploadId, start)) dropBegun();
      const request = begun ?? makeRequest(uploadId, start);
      begun = undefined;
      return request;
    };
    return {
      get size() {
        return encoder.size;
      },
      append: (bytes) => encoder.append(bytes),
      begin: (uploadId, start) => {
        if (begun?.isGoodFor(uploadId, start) || call.isHeld('UploadLayerPart')) return;
        dropBegun();
        begun = makeRequest(uploadId, start);
      },
      upload: async (uploadId, start, signal, onHandedOver = () => undefined) => {
        const end = start + encoder.size;
        return call(
          {
            operation: 'UploadLayerPart',
            repositoryName: address.repositoryName,
            bodyBytes: encoder.bodyBytes,
            send: (abortSignal, onSent) =>
              takeRequest(uploadId, start).finish(abortSignal, () => {
                onSent();
                onHandedOver();
              }),
            read: (answer): PartAnswer | undefined => {
              const last = readCount(answer.lastByteReceived, 'lastByteReceived');
              return last === undefined ? undefined : { kind: 'accepted', nextByte: last + 1 };
            },
            answers: {
              InvalidLayerPartException: ({ cause }) => readRefusedPart(cause, end),
              UploadNotFoundException: (): PartAnswer => ({ kind: 'vanished' }),
            },
          },
          signal,
        );
      },
      clear: () => {
        dropBegun();
        encoder.clear();
      },
      release: () => {
        dropBegun();
        if (encoder.buffer.length >= WORTH_KEEPING_BYTES) {
          spareBuffers.push(encoder.buffer);
        }
      },
    };
  };
}

/** Reads a refusal. A service that refuses a part although it has all of it lost the earlier answer: the part is accepted. */
function readRefusedPart(exception: unknown, end: number): PartAnswer {
  const last =
    typeof exception === 'object' && exception !== null && 'lastValidByteReceived' in exception
      ? exception.lastValidByteReceived
      : undefined;
  if (typeof last !== 'number' || !Number.isSafeInteger(last) || last < 0) {
    return { kind: 'resync', nextByte: undefined };
  }
  if (last >= end - 1) {
    return { kind: 'accepted', nextByte: last + 1 };
  }
  // Before any byte the service may say 0, because the member cannot be -1. Only a last part can be one byte long.
  return { kind: 'resync', nextByte: last === 0 ? 0 : last + 1 };
}
