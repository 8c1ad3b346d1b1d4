import { UploadLayerPartCommand } from '@aws-sdk/client-ecr-public';
import { buildPartBody } from './part-body.ts';

export interface PartAddress {
  readonly registryId?: string | undefined;
  readonly repositoryName: string;
  readonly uploadId: string;
  /** First byte of the part in the layer. */
  readonly start: number;
}

/** Bodies that are free to be filled again; a fresh 14 MB buffer costs more than its encoding. */
export type SpareBodies = Buffer[];

/**
 * The command for one part, whose body is built once for all its attempts. The middleware is the SDK's documented hook
 * (`command.middlewareStack`, step `build`): it runs after serialisation and before content length and signature.
 * `release` gives the body back for other parts: only after an answer, as a broken connection may still hold it.
 */
export function preparePart(address: PartAddress, bytes: Buffer, spare: SpareBodies) {
  let body: Buffer | undefined;
  return {
    makeCommand(): UploadLayerPartCommand {
      const { start, ...rest } = address;
      const command = new UploadLayerPartCommand({
        ...rest,
        partFirstByte: start,
        partLastByte: start + bytes.length - 1,
        layerPartBlob: new Uint8Array(),
      });
      command.middlewareStack.add(
        (next) => (args) => {
          const { request } = args;
          if (!hasBody(request)) {
            throw new TypeError('the SDK serialises UploadLayerPart to no body');
          }
          body ??= buildPartBody(Buffer.from(request.body), bytes, spare.pop());
          request.body = body;
          return next(args);
        },
        { step: 'build', priority: 'high', name: 'ecrpPartBody' },
      );
      return command;
    },
    release(): void {
      if (body) {
        spare.push(Buffer.from(body.buffer));
        body = undefined;
      }
    },
  };
}

function hasBody(request: unknown): request is { body: Uint8Array | string } {
  return typeof request === 'object' && request !== null && 'body' in request;
}
