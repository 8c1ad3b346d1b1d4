import type { Agent as HttpsAgent } from 'node:https';
import { Readable } from 'node:stream';
import type { HttpHandler } from '@smithy/core/protocols';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { isTimeoutError, onAbort, watchSilence } from '../async/abort.ts';
import { findErrorCode } from '../files/file-errors.ts';
import { findJsonExcess } from '../json.ts';
import { dropAdvice, ProxyError } from '../net/connection-error.ts';
import type { Connections, HttpProtocol } from '../net/connections.ts';
import { BodyTooLong, readBody } from '../net/send-request.ts';
import { AttemptTimeout } from './attempt.ts';
import { UnexpectedAnswer } from './failure.ts';

const CONNECTION_TIMEOUT_MS = 10_000;
/** How long a small request may receive nothing. */
const SILENT_MS = 10_000;
/** The same while a part is sent, and for operations for which the service reads a whole layer before it answers. */
const STALL_MS = 60_000;
const SLOW_OPERATIONS = /\.(CompleteLayerUpload|UploadLayerPart)$/;

export interface HandlerSettings {
  readonly connections: Connections;
  /** `json` for ECR Public; `any` for the services that give credentials, which answer with JSON or XML. */
  readonly answers: 'json' | 'any';
  /** A small request is aborted when nothing has come for this time, in ms, default 10 s. */
  readonly silentMs?: number | undefined;
  /** Upper bound of every silence, in ms, default 60 s. */
  readonly mostSilentMs?: number | undefined;
}

type Handle = HttpHandler['handle'];
type Request = Parameters<Handle>[0];
type Options = NonNullable<Parameters<Handle>[1]>;

/**
 * Sends the SDK's requests over our connections. Reads each answer whole before the SDK sees it: the SDK sets no bound to it.
 * Throws an `AttemptTimeout` when the service is silent for too long, `UnexpectedAnswer` when another server answers in its place.
 * Opens nothing before the first request. Closing the connections ends its requests.
 */
export class RequestHandler implements HttpHandler {
  readonly #connections: Connections;
  readonly #limits: AnswerLimits;
  readonly #silentMs: number;
  readonly #mostSilentMs: number;
  readonly #inner = new Map<HttpProtocol, Promise<NodeHttpHandler>>();

  constructor({ connections, answers, silentMs = SILENT_MS, mostSilentMs = STALL_MS }: HandlerSettings) {
    this.#connections = connections;
    this.#limits = answers === 'json' ? SERVICE_ANSWERS : CREDENTIAL_ANSWERS;
    this.#silentMs = silentMs;
    this.#mostSilentMs = mostSilentMs;
  }

  async handle(request: Request, { abortSignal, ...options }: Options = {}): ReturnType<Handle> {
    const inner = await this.#find(request.protocol === 'http:' ? 'http:' : 'https:');
    const exchange = async (signal: AbortSignal, onBytes: () => void): ReturnType<Handle> => {
      const handled = inner
        .handle(request, { ...options, abortSignal: signal })
        .catch((error: unknown) => rewordTimeout(dropAdvice(error)));
      const { response } = await handled;
      onBytes();
      if (response.statusCode === 407) this.#refuseLogin(request);
      response.body = await readAnswer(response, this.#limits, signal, onBytes);
      return { response };
    };
    // The SDK's type of a signal includes an older form. Ours is always the standard one.
    const signal = abortSignal instanceof AbortSignal ? abortSignal : new AbortController().signal;
    // A refused part may still be sending, so its own signal must reach it until the connection ends.
    if (isSlow(request)) return exchange(signal, () => undefined);
    const silentMs = Math.min(this.#mostSilentMs, this.#silentMs);
    return watchSilence(signal, silentMs, exchange).catch((error: unknown) => {
      // The SDK gives broken connections the same name, but they keep their code.
      if (!isTimeoutError(error) || error instanceof AttemptTimeout || findErrorCode(error)) throw error;
      throw new AttemptTimeout('answer', silentMs);
    });
  }

  updateHttpClientConfig(): void {}

  httpHandlerConfigs(): object {
    return {};
  }

  #find(protocol: HttpProtocol): Promise<NodeHttpHandler> {
    const inner = this.#inner.get(protocol) ?? this.#open(protocol);
    this.#inner.set(protocol, inner);
    return inner;
  }

  async #open(protocol: HttpProtocol): Promise<NodeHttpHandler> {
    const agent = await this.#connections.findAgent(protocol);
    return new NodeHttpHandler({
      // For `https:`, the connections give an agent of `node:https`.
      ...(protocol === 'https:' ? { httpsAgent: agent as HttpsAgent } : { httpAgent: agent }),
      connectionTimeout: Math.min(CONNECTION_TIMEOUT_MS, this.#mostSilentMs),
      socketTimeout: Math.min(STALL_MS, this.#mostSilentMs),
      logger: silentLogger,
    });
  }

  /** With plain HTTP, a proxy answers as if it were the host. */
  #refuseLogin({ protocol, hostname, port }: Request): void {
    const url = new URL(`${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`);
    const proxy = this.#connections.findProxy(url);
    if (proxy !== undefined) throw ProxyError.ofStatus(proxy, 407, url.host);
  }
}

/** The SDK's texts about timeouts are for programmers. */
function rewordTimeout(error: unknown): never {
  if (!(error instanceof Error) || !isTimeoutError(error)) throw error;
  const [, ms] = /^@smithy\b.* (\d+) ms\b/.exec(error.message) ?? [];
  if (ms === undefined) throw error;
  const isUnconnected = error.message.includes('did not establish a connection');
  throw new AttemptTimeout(isUnconnected ? 'connection' : 'answer', Number(ms));
}

function isSlow({ headers, body }: Request): boolean {
  return body instanceof Readable || SLOW_OPERATIONS.test(headers['x-amz-target'] ?? '');
}

/** Bounds of an answer, in bytes. */
interface AnswerLimits {
  readonly maxBytes: number;
  /** Of an answer that is an error. */
  readonly maxErrorBytes: number;
  /** True: a success without JSON comes from another server. */
  readonly isJson: boolean;
}

/** For ECR Public. A page of 100 images with a thousand tags each is shorter, and so is an error that lists some hundred digests. */
const SERVICE_ANSWERS: AnswerLimits = {
  maxBytes: 16 * 1024 * 1024,
  maxErrorBytes: 256 * 1024,
  isJson: true,
};

/** For the services that give credentials. Some answers are XML. */
const CREDENTIAL_ANSWERS: AnswerLimits = {
  maxBytes: 1024 * 1024,
  maxErrorBytes: 256 * 1024,
  isJson: false,
};

type Response = Awaited<ReturnType<NodeHttpHandler['handle']>>['response'];

/** Reads an answer whole. Throws `UnexpectedAnswer` when it is too long, or not an answer of the service. */
async function readAnswer(
  { statusCode, headers, body }: Response,
  { maxBytes, maxErrorBytes, isJson }: AnswerLimits,
  signal: AbortSignal,
  onBytes: () => void,
): Promise<Uint8Array> {
  const stream: unknown = body;
  if (!(stream instanceof Readable)) throw new TypeError('an HTTP answer without a stream');
  const refuse = (problem: string) => new UnexpectedAnswer(problem, statusCode, headers);
  if (isJson && statusCode >= 300 && statusCode < 400) {
    stream.destroy();
    throw refuse(describeRedirect(headers.location));
  }
  const dispose = onAbort(signal, () => stream.destroy(new Error('the attempt was aborted')));
  try {
    const bytes = await readBody(stream, { maxBytes: statusCode < 400 ? maxBytes : maxErrorBytes, onBytes });
    const start = findFirstCharacter(bytes);
    if (isJson && statusCode < 300 && start === '<') throw refuse('with a web page');
    const excess = start === '{' || start === '[' ? findJsonExcess(bytes) : undefined;
    if (excess !== undefined) throw refuse(`with JSON that ${excess}`);
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  } catch (error) {
    if (error instanceof BodyTooLong) throw refuse(`with more than ${error.limit}`);
    throw error;
  } finally {
    dispose();
  }
}

/** Names the origin only: the rest of the URL may be long, or hold a session. */
function describeRedirect(location: string | undefined): string {
  const url = location !== undefined && URL.canParse(location) ? new URL(location) : undefined;
  return url === undefined ? 'with a redirect' : `with a redirect to ${url.origin}`;
}

/** Returns the first character after white space and a byte-order mark. */
function findFirstCharacter(bytes: Buffer): string | undefined {
  return /[^\s\uFEFF]/.exec(bytes.subarray(0, 1024).toString('utf8'))?.[0];
}

/** Without a logger, the SDK warns on the console. */
export const silentLogger = {
  trace() {},
  debug() {},
  info() {},
  warn() {},
  error() {},
};
