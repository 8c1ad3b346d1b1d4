import type { Agent as HttpsAgent } from 'node:https';
import { Readable } from 'node:stream';
import type { HttpHandler } from '@smithy/core/protocols';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { isTimeoutError, watchSilence } from '../async/abort.ts';
import { findErrorCode } from '../files/file-errors.ts';
import type { Connections, HttpProtocol } from '../net/connections.ts';
import { ProxyError } from '../net/proxy-error.ts';
import { AttemptTimeout } from './attempt-timeout.ts';
import { silentLogger } from './credentials/silent-logger.ts';
import { type AnswerLimits, CREDENTIAL_ANSWERS, readAnswer, SERVICE_ANSWERS } from './read-answer.ts';

const CONNECTION_TIMEOUT_MS = 10_000;
const SILENT_MS = 10_000;
/** The same while a part is sent, and for operations that read a whole layer in the service before they answer. */
const STALL_MS = 60_000;
const SLOW_OPERATIONS = /\.(CompleteLayerUpload|UploadLayerPart)$/;

export interface HandlerSettings {
  readonly connections: Connections;
  /** `json`: an answer of ECR Public. `any`: an answer of a service that gives credentials, JSON or XML. */
  readonly answers: 'json' | 'any';
  /** A small request is given up when nothing has come for so long, in ms; default 10 s. */
  readonly silentMs?: number | undefined;
  /** Upper bound of every silence, in ms; default 60 s. */
  readonly mostSilentMs?: number | undefined;
}

type Handle = HttpHandler['handle'];
type Request = Parameters<Handle>[0];
type Options = NonNullable<Parameters<Handle>[1]>;

/**
 * Makes the SDK's requests over our connections, and reads each answer whole before the SDK sees it, as the SDK sets no bound to it.
 * Throws an `AttemptTimeout` when the service is silent for too long, `UnexpectedAnswer` when it is not the service that answers.
 * Opens nothing before the first request. Who closes the connections ends its requests.
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
      const handled = inner.handle(request, { ...options, abortSignal: signal }).catch(rewordTimeout);
      const { response } = await handled;
      onBytes();
      if (response.statusCode === 407) this.#refuseLogin(request);
      response.body = await readAnswer(response, this.#limits, signal, onBytes);
      return { response };
    };
    // The SDK's type of a signal has an older form too; ours is always the standard one.
    const signal = abortSignal instanceof AbortSignal ? abortSignal : new AbortController().signal;
    // A part may still be sent when it has been refused, so its signal has to reach it until the connection ends.
    if (isSlow(request)) return exchange(signal, () => undefined);
    const silentMs = Math.min(this.#mostSilentMs, this.#silentMs);
    return watchSilence(signal, silentMs, exchange).catch((error: unknown) => {
      // The SDK gives that name to broken connections too, which keep their code.
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
      // An agent of `node:https` is what the connections give for its protocol.
      ...(protocol === 'https:' ? { httpsAgent: agent as HttpsAgent } : { httpAgent: agent }),
      connectionTimeout: Math.min(CONNECTION_TIMEOUT_MS, this.#mostSilentMs),
      socketTimeout: Math.min(STALL_MS, this.#mostSilentMs),
      logger: silentLogger,
    });
  }

  /** Of plain HTTP, a proxy answers as if it were the host. */
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
