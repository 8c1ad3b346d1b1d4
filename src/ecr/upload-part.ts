import type { Readable } from 'node:stream';
import { UploadLayerPartCommand } from '@aws-sdk/client-ecr-public';
import type { PartBody, PartMembers } from './part-encoder.ts';

/**
 * The command for a part whose body is built already; the SDK's own serialiser takes many times as long for 10 MiB.
 * The middleware is the SDK's documented hook (`command.middlewareStack`): at the step `build` it comes after the
 * serialisation, of an empty part here, and before content length and signature. The signer takes the payload's hash from
 * the header `x-amz-content-sha256` when it is there. `stream` gives the bytes of the body.
 */
export function makePartCommand(
  members: PartMembers,
  { bytes, sha256 }: PartBody,
  stream: Readable,
): UploadLayerPartCommand {
  const command = new UploadLayerPartCommand({ ...members, layerPartBlob: new Uint8Array() });
  command.middlewareStack.add(
    (next) => (args) => {
      const { request } = args;
      if (!isRequest(request)) {
        throw new TypeError('the SDK makes no HTTP request of UploadLayerPart');
      }
      request.body = stream;
      request.headers['content-length'] = String(bytes.length);
      request.headers['x-amz-content-sha256'] = sha256;
      return next(args);
    },
    { step: 'build', priority: 'high', name: 'ecrpPartBody' },
  );
  return command;
}

function isRequest(request: unknown): request is { body: unknown; headers: Record<string, string> } {
  return typeof request === 'object' && request !== null && 'body' in request && 'headers' in request;
}
