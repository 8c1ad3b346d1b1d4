import { Backoff } from '../../net/backoff.ts';
import type { Connections } from '../../net/connections.ts';
import type { RetryBudget } from '../../net/retry-budget.ts';
import { type HttpMethod, sendRequest } from '../../net/send-request.ts';
import { type OutgoingBody, sendStreaming } from '../../net/send-streaming.ts';
import { chooseScheme } from '../client.ts';
import { AccountToken } from './account-token.ts';
import { NetworkSilence } from './network-silence.ts';
import { readUploadAnswer, type UploadAnswer } from './upload-answer.ts';

/** A request without a body is answered in this time, or never. */
const SMALL_SILENT_MS = 10_000;
/** The same while a body is sent, and while the registry checks what it got. */
const SILENT_MS = 60_000;

/** What happens on the way, for `--verbose`, progress and counts. Never carries a secret. */
export type RawUploadEvent = RegistryRequestEvent | RegistryRetryEvent;

/** A request has an answer. */
export interface RegistryRequestEvent {
  readonly kind: 'request';
  /** Method and host. */
  readonly operation: string;
  readonly status: number;
  readonly ms: number;
  /** Of the body that was sent. */
  readonly bytes: number;
}

/** An attempt to upload a blob has failed and another follows after `delayMs`. */
export interface RegistryRetryEvent {
  readonly kind: 'retry';
  readonly operation: string;
  /** Which attempt failed, from 1. */
  readonly attempt: number;
  readonly delayMs: number;
  readonly reason: string;
}

/** A repository as its registry's paths name it. */
export interface UploadPlace {
  readonly registryHost: string;
  /** As in `/v2/PATH/blobs/`. */
  readonly repositoryPath: string;
}

export interface ChannelSettings extends UploadPlace {
  readonly connections: Connections;
  /** Gets a value for the header `Authorization`. */
  readonly authorize: (signal: AbortSignal) => Promise<string>;
  readonly budget: RetryBudget;
  /** First wait between attempts, in ms. */
  readonly firstDelayMs?: number | undefined;
  /** How long nothing may move, in ms; default 10 s, and 60 s with a body. It never exceeds the budget. */
  readonly silentMs?: number | undefined;
  readonly onEvent: (event: RawUploadEvent) => void;
}

export interface UploadRequest {
  readonly method: HttpMethod;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: OutgoingBody;
  /** Called with the number of bytes that the system has just taken. */
  readonly onTaken?: (bytes: number) => void;
}

/** What all uploads to a repository share: the connections, the token, the waits, and what is known of the registry. */
export class UploadChannel {
  readonly settings: ChannelSettings;
  /** Of the repository, with a final slash. */
  readonly url: URL;
  readonly token: AccountToken;
  readonly backoff: Backoff;
  /** Whether the registry takes a blob in one POST, which the specification leaves open. Undefined: unknown. */
  takesSinglePost: boolean | undefined;
  /** Whether it says how far an upload is: true until it does not. */
  tellsProgress = true;

  constructor(settings: ChannelSettings) {
    const { registryHost, repositoryPath, authorize, budget, firstDelayMs } = settings;
    this.settings = settings;
    this.url = new URL(`${chooseScheme(registryHost)}://${registryHost}/v2/${repositoryPath}/`);
    this.token = new AccountToken(registryHost, authorize);
    this.backoff = new Backoff(firstDelayMs, () => budget.allowedMs / 3);
  }

  /**
   * Sends one request and reads the answer, whatever its status. Throws the system's error when no answer comes, a `TimeoutError` when nothing
   * moved for too long, and what reading the body throws.
   */
  async request(request: UploadRequest, signal: AbortSignal): Promise<UploadAnswer> {
    const { method, url, headers = {}, body, onTaken = () => undefined } = request;
    const { connections, budget, onEvent, registryHost } = this.settings;
    const authorization = await this.token.get(signal);
    const given = { method, headers: { ...headers, authorization } };
    const startedMs = budget.clock.nowMs();
    const silentMs = this.settings.silentMs ?? (body === undefined ? SMALL_SILENT_MS : SILENT_MS);
    const silence = new NetworkSilence(signal, silentMs, budget.allowedMs);
    let bytes = 0;
    const note = (taken: number): void => {
      bytes += taken;
      onTaken(taken);
    };
    try {
      const head =
        body === undefined
          ? await sendRequest(connections, url, given, silence.signal)
          : await sendStreaming(
              connections,
              url,
              given,
              { ...body, bytes: silence.watchBody(body.bytes, note) },
              silence.signal,
            );
      const answer = await readUploadAnswer(head, authorization);
      const { status } = answer;
      budget.noteAnswer();
      if (status < 400) this.token.accept(authorization);
      const ms = Math.round(budget.clock.nowMs() - startedMs);
      onEvent({ kind: 'request', operation: `${method} ${registryHost}`, status, ms, bytes });
      return answer;
    } catch (error) {
      signal.throwIfAborted();
      throw silence.timeout ?? error;
    } finally {
      silence.dispose();
    }
  }
}
