import { UploadLayerPartCommand } from '@aws-sdk/client-ecr-public';
import type { PartMembers } from './part-body.ts';

/**
 * The command for a part whose body is built already; the SDK's own serialiser takes many times as long for 10 MiB.
 * The middleware is the SDK's documented hook (`command.middlewareStack`): at the step `build` it comes after the
 * serialisation, of an empty part here, and before content length and signature.
 */
export function makePartCommand(
  { start, ...names }: PartMembers,
  partBytes: number,
  body: Buffer,
): UploadLayerPartCommand {
  const command = new UploadLayerPartCommand({
    ...names,
    partFirstByte: start,
    partLastByte: start + partBytes - 1,
    layerPartBlob: new Uint8Array(),
  });
  command.middlewareStack.add(
    (next) => (args) => {
      const { request } = args;
      if (typeof request !== 'object' || request === null || !('body' in request)) {
        throw new TypeError('the SDK makes a request without a body of UploadLayerPart');
      }
      request.body = body;
      return next(args);
    },
    { step: 'build', priority: 'high', name: 'ecrpPartBody' },
  );
  return command;
}
