import { cutText } from '../../foreign-text.ts';
import { isObject } from '../../json.ts';
import { discardBody, type HttpAnswer, readBody } from '../../net/send-request.ts';
import { parseJson } from '../../oci/json.ts';

/** An error document has some hundred bytes; a proxy's page may have more. */
const MAX_ERROR_BYTES = 64 * 1024;

/** The answer of a registry to one request of an upload. */
export interface UploadAnswer {
  readonly method: string;
  /** Of the request. */
  readonly url: URL;
  readonly status: number;
  readonly location: string | undefined;
  /** Bytes that the registry says it has, by `Range: 0-<last byte>`. */
  readonly receivedBytes: number | undefined;
  readonly contentDigest: string | undefined;
  readonly retryAfterMs: number | undefined;
  /** What the request was sent with. It is secret. */
  readonly authorization: string;
  /** The first error of the answer's document. Undefined for a success, and for the page of another server. */
  readonly error: { readonly code: string; readonly message: string } | undefined;
}

/** Reads an answer to its end, so that its connection is free. */
export async function readUploadAnswer(answer: HttpAnswer, authorization: string): Promise<UploadAnswer> {
  const { method, url, status, headers } = answer;
  let error: UploadAnswer['error'];
  if (status < 400) await discardBody(answer);
  else error = await readError(answer);
  return {
    method,
    url,
    status,
    location: headers.location,
    receivedBytes: readRange(headers.range),
    contentDigest: readText(headers['docker-content-digest']),
    retryAfterMs: readSeconds(headers['retry-after']),
    authorization,
    error,
  };
}

/** The place that an answer names, relative to its request. Undefined: none, or one on another host, which must not see the token. */
export function resolveLocation({ location, url }: UploadAnswer): URL | undefined {
  if (location === undefined || !URL.canParse(location, url.href)) return undefined;
  const place = new URL(location, url);
  return place.origin === url.origin && place.username === '' ? place : undefined;
}

/** Says what the answer was, for messages: `HTTP 429, TOOMANYREQUESTS: Rate exceeded`. */
export function describeUploadAnswer({ status, error }: UploadAnswer): string {
  return error === undefined ? `HTTP ${status}` : `HTTP ${status}, ${error.code}: ${error.message}`;
}

const OF_BYTES = ['BLOB_UPLOAD_INVALID', 'DIGEST_INVALID', 'SIZE_INVALID'];
const OF_LOSS = ['BLOB_UPLOAD_UNKNOWN', 'UNKNOWN'];

/** What an answer that is no success means for the upload. */
export type Refusal =
  /** The same may succeed later. */
  | 'transient'
  /** The token is not valid, or not any more. */
  | 'token'
  /** The registry does not know the upload. */
  | 'vanished'
  /** It does not take these bytes: they have another digest, or are not those that follow. */
  | 'bytes'
  /** It does not work as registries do, as far as recorded, or denies access. */
  | 'departure';

/** An answer with what it means: one type for each meaning, so that the compiler can tell them apart. */
export type Judged<Kind> = Kind extends string
  ? { readonly kind: Kind; readonly answer: UploadAnswer }
  : never;

/**
 * Judges an answer by the distribution specification and the recorded departures of public.ecr.aws: an invalid token is a 400, an expired one
 * a 403, a chunk at the wrong place a 416, and an upload that is gone has the code UNKNOWN at times.
 */
export function judgeRefusal({ status, error }: UploadAnswer): Refusal {
  if (status === 401) return 'token';
  if ((status === 400 || status === 403) && /authorization token/i.test(error?.message ?? '')) return 'token';
  if (status >= 500 || status === 429 || status === 408) return 'transient';
  if (status === 416) return 'bytes';
  const code = error?.code ?? '';
  if (OF_BYTES.includes(code)) return 'bytes';
  return OF_LOSS.includes(code) ? 'vanished' : 'departure';
}

async function readError(answer: HttpAnswer): Promise<UploadAnswer['error']> {
  try {
    const bytes = await readBody(answer.body, { maxBytes: MAX_ERROR_BYTES });
    const document = parseJson(bytes, 'the error', MAX_ERROR_BYTES);
    const list: unknown = isObject(document) ? document.errors : undefined;
    const first: unknown = Array.isArray(list) ? list[0] : undefined;
    if (!isObject(first) || typeof first.code !== 'string') return undefined;
    const message = typeof first.message === 'string' ? first.message : '';
    return { code: cutText(first.code, 100), message: cutText(message, 1000) };
  } catch {
    // A page, or an answer that was cut off: its status says enough.
    return undefined;
  }
}

/** `0-0` means one byte or none, so it counts as none. */
function readRange(header: string | undefined): number | undefined {
  const [, last] = /^(?:bytes=)?0-(\d{1,15})$/i.exec(header ?? '') ?? [];
  if (last === undefined) return undefined;
  return Number(last) === 0 ? 0 : Number(last) + 1;
}

function readSeconds(header: string | undefined): number | undefined {
  return /^\d{1,9}$/.test(header ?? '') ? Number(header) * 1000 : undefined;
}

function readText(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}
