import { readCount } from './answers.ts';
import type { EcrClient } from './client.ts';
import { PartEncoder } from './part-encoder.ts';
import { PartRequest } from './part-request.ts';
import type { LayerPart, PartAnswer } from './push-service.ts';

/** Buffers shorter than this cost nothing to make. */
const WORTH_KEEPING_BYTES = 1024 * 1024;

/** Makes the function that makes parts for one repository; the memory of released ones is used again. */
export function preparePartUploads(
  { call, sdk }: EcrClient,
  address: { readonly registryId?: string | undefined; readonly repositoryName: string },
): (capacity: number) => LayerPart {
  const spareBuffers: Buffer[] = [];
  return (capacity) => {
    const encoder = new PartEncoder(
      capacity,
      capacity < WORTH_KEEPING_BYTES ? undefined : spareBuffers.pop(),
    );
    /** What has been begun, and is no attempt of an upload yet. */
    let begun: PartRequest | undefined;
    const makeRequest = (uploadId: string, start: number): PartRequest => {
      const members = {
        ...address,
        uploadId,
        partFirstByte: start,
        partLastByte: start + encoder.size - 1,
      };
      return new PartRequest(sdk, members, encoder.finish(members));
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

/** A part that is refused although the service has all of it is one whose answer was lost: accepted. */
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
  // With nothing received yet the service may say 0, as the member cannot be -1; no part is one byte long but the last.
  return { kind: 'resync', nextByte: last === 0 ? 0 : last + 1 };
}
