import type { UnsignedRequest } from './operations.ts';

/** After serialisation, before content length and signature. */
export const CHANGE_STEP = { step: 'build', priority: 'high', name: 'ecrpPartBody' } as const;

/**
 * Makes the SDK's documented hook (`command.middlewareStack`) of a function that changes a request. The signer takes the payload's hash from
 * the header `x-amz-content-sha256` when it exists.
 */
export function changeRequest(
  change: (request: UnsignedRequest) => void,
): <Args extends { readonly request: unknown }, Result>(
  next: (args: Args) => Promise<Result>,
) => (args: Args) => Promise<Result> {
  return (next) => (args) => {
    const { request } = args;
    if (!isRequest(request)) throw new TypeError('the SDK makes no HTTP request of the command');
    change(request);
    return next(args);
  };
}

function isRequest(request: unknown): request is UnsignedRequest {
  return typeof request === 'object' && request !== null && 'body' in request && 'headers' in request;
}
