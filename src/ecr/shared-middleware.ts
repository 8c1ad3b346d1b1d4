import type { ECRClient } from '@aws-sdk/client-ecr';
import type { ECRPUBLICClient } from '@aws-sdk/client-ecr-public';
import type { HttpHandler } from '@smithy/core/protocols';
import type { SendOptions, UnsignedRequest } from './operations.ts';

type Request = Parameters<HttpHandler['handle']>[0];
type Change = (request: UnsignedRequest) => void;

/** What an attempt needs besides the input of its command. */
interface Attempt extends SendOptions {
  readonly change: Change | undefined;
}

/** By command. */
const changes = new WeakMap<object, Change>();
/** By the input of the command: a middleware sees no more of it. */
const attempts = new WeakMap<object, Attempt>();

/**
 * Has `change` adapt the request of a command after serialisation, before its length and its signature are computed. The signer takes the hash
 * of the body from the header `x-amz-content-sha256` if there is one.
 */
export function changeRequest(command: object, change: Change): void {
  changes.set(command, change);
}

/**
 * Makes a client with `cacheMiddleware` put its middleware together once for each operation. For each request, that is a sixth of what
 * the request allocates. The SDK does so only for commands without options, so two middlewares bring what belongs to one attempt.
 */
export function shareMiddleware(client: ECRPUBLICClient | ECRClient, handler: HttpHandler): void {
  // as: the clients differ only in their operations
  const sdk = client as ECRPUBLICClient;
  sdk.middlewareStack.add(
    (next) => (args) => {
      const { request } = args;
      if (!isRequest(request)) throw new TypeError('the SDK makes no HTTP request of the command');
      findAttempt(args.input).change?.(request);
      return next(args);
    },
    { step: 'build', priority: 'high', name: 'ecrpChange' },
  );
  // The innermost one: it sends, in place of what the SDK sends without a signal.
  sdk.middlewareStack.add(
    () =>
      ({ input, request }) =>
        // as: the steps before have made it
        handler.handle(request as Request, { abortSignal: findAttempt(input).abortSignal }),
    { step: 'deserialize', priority: 'low', name: 'ecrpSend' },
  );
  const send = sdk.send.bind(sdk);
  // as: nothing calls it with a callback
  sdk.send = ((command: Parameters<typeof send>[0], { abortSignal }: SendOptions) => {
    // Attempts of one call may share an input, and overlap.
    const input = { ...command.input };
    attempts.set(input, { abortSignal, change: changes.get(command) });
    return send(Object.assign(command, { input }));
  }) as typeof send;
}

function findAttempt(input: object): Attempt {
  const attempt = attempts.get(input);
  if (attempt === undefined) throw new TypeError('the SDK hands on another input than it got');
  return attempt;
}

function isRequest(request: unknown): request is UnsignedRequest {
  return typeof request === 'object' && request !== null && 'body' in request && 'headers' in request;
}
