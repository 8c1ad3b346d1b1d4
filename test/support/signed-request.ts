import { createHash, createHmac } from 'node:crypto';
import type { Emulator } from '../../src/emulator/server.ts';
import { PRIVATE_SIGNING_NAME, PRIVATE_TARGET_PREFIX } from '../../src/wire/private/service.ts';

// A signer written by hand, so that tests can send requests that no SDK would send.

export interface Signer {
  readonly url: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  /** Signs for this service and region instead of ECR Public in us-east-1. */
  readonly service?: string;
  readonly region?: string;
  /** In front of the operation in `x-amz-target`. Default: that of ECR Public. */
  readonly targetPrefix?: string;
}

/** The same keys, for private ECR. */
export function privateOf(
  emulator: Pick<Emulator, 'privateUrl' | 'accessKeyId' | 'secretAccessKey'> &
    Partial<Pick<Emulator, 'sessionToken'>>,
  region = 'us-east-1',
): Signer {
  const { privateUrl: url, accessKeyId, secretAccessKey, sessionToken } = emulator;
  if (url === undefined) throw new Error('the emulator was started without private ECR');
  const frame = { service: PRIVATE_SIGNING_NAME, targetPrefix: PRIVATE_TARGET_PREFIX, region };
  return { url, accessKeyId, secretAccessKey, sessionToken, ...frame };
}

export interface RequestToSign {
  readonly operation: string;
  readonly body: string | Buffer;
  /** Additional headers, also signed. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly date?: Date;
  readonly region?: string;
  readonly service?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Makes the headers of a request of the JSON API, with `authorization`. */
export function signRequest(signer: Signer, request: RequestToSign): Record<string, string> {
  const { region = 'us-east-1', service = 'ecr-public' } = { ...signer, ...request };
  const { targetPrefix = 'SpencerFrontendService' } = signer;
  const time = (request.date ?? new Date()).toISOString().replace(/[-:]|\.\d+/g, '');
  const headers: Record<string, string> = {
    'content-type': 'application/x-amz-json-1.1',
    host: new URL(signer.url).host,
    'x-amz-date': time,
    'x-amz-target': `${targetPrefix}.${request.operation}`,
    ...(signer.sessionToken !== undefined && { 'x-amz-security-token': signer.sessionToken }),
    ...request.headers,
  };
  const names = Object.keys(headers).sort();
  const canonical = [
    'POST',
    '/',
    '',
    ...names.map((name) => `${name}:${headers[name]}`),
    '',
    names.join(';'),
    hash(request.body),
  ].join('\n');
  const scope = `${time.slice(0, 8)}/${region}/${service}/aws4_request`;
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${signer.secretAccessKey}`);
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash(canonical)}`).toString('hex');
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 Credential=${signer.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
  };
}

/** Signs and sends any body. */
export async function sendSigned(signer: Signer, request: RequestToSign): Promise<Answer> {
  return sendRaw(signer.url, signRequest(signer, request), request.body);
}

export async function sendRaw(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string | Buffer,
): Promise<Answer> {
  const { host: _, ...sent } = headers;
  const response = await fetch(url, { method: 'POST', headers: sent, body });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

function hash(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
