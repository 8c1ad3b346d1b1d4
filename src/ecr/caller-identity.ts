import { HttpRequest } from '@smithy/core/protocols';
import { EcrpError } from '../errors.ts';
import type { Environment } from '../io.ts';
import { PARTITIONS } from '../wire/private/regions.ts';
import { makeAttempt } from './attempt.ts';
import type { EcrClient } from './client.ts';
import { findConfiguredEndpoint } from './endpoint.ts';
import { explainFailure } from './errors.ts';
import { describeFailure } from './failure.ts';
import { RequestHandler } from './request-handler.ts';
import { prepareProfile } from './shared-config.ts';

/** Whom credentials belong to. */
export interface CallerIdentity {
  /** 12 digits. */
  readonly account: string;
  /** Of the user, or of the session of a role. */
  readonly arn: string;
}

export interface IdentityQuestion {
  /** `--profile` */
  readonly profile: string | undefined;
  readonly env: Environment;
  /** Region of the service that the credentials are for. */
  readonly region: string;
  /** How far the clock of AWS is ahead of this machine's, in ms. Signatures are dated by it. */
  readonly clockOffsetMs: number;
  /** How long STS may take for its answer, in ms. */
  readonly mostMs: number;
}

const OPERATION = 'GetCallerIdentity';
const BODY = `Action=${OPERATION}&Version=2011-06-15`;

/**
 * Asks STS whom the credentials of a client belong to. Needs no permission. Throws AUTH when they are not valid, UNAVAILABLE without
 * an answer. It sends one request, signed with the client's own signer, because the SDK's packages here have no such command.
 */
export async function askCallerIdentity(
  client: EcrClient,
  { profile, env, region, clockOffsetMs, mostMs }: IdentityQuestion,
  signal: AbortSignal,
): Promise<CallerIdentity> {
  const configured = await findConfiguredEndpoint('STS', env, prepareProfile(profile, env));
  const endpoint = configured?.url ?? nameEndpoint(region);
  try {
    const answer = await makeAttempt(
      (inner) => send(client, new URL(endpoint), { region, clockOffsetMs }, inner),
      { mostMs, limitAnswer: () => mostMs },
      signal,
    );
    return readIdentity(answer);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof EcrpError) throw error;
    throw explainFailure(describeFailure(error), { operation: OPERATION, endpoint, attempts: 1 });
  }
}

/** Where STS answers for a region, unless the configuration names another endpoint. */
function nameEndpoint(region: string): string {
  const partition = PARTITIONS.find(({ regions }) => regions.test(region));
  return `https://sts.${region}.${partition?.dnsSuffix}`;
}

interface StsAnswer {
  readonly status: number;
  readonly text: string;
}

async function send(
  { service: { sdk }, connections }: EcrClient,
  url: URL,
  { region, clockOffsetMs }: Pick<IdentityQuestion, 'region' | 'clockOffsetMs'>,
  signal: AbortSignal,
): Promise<StsAnswer> {
  const request = new HttpRequest({
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port !== '' && { port: Number(url.port) }),
    method: 'POST',
    path: url.pathname,
    headers: {
      host: url.host,
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      'content-length': String(BODY.length),
    },
    body: BODY,
  });
  const signer = await sdk.config.signer();
  const signed = await signer.sign(request, {
    signingService: 'sts',
    signingRegion: region,
    signingDate: new Date(Date.now() + clockOffsetMs),
  });
  const handler = new RequestHandler({ connections, answers: 'any' });
  const { response } = await handler.handle(new HttpRequest(signed), { abortSignal: signal });
  return { status: response.statusCode, text: Buffer.from(response.body).toString('utf8') };
}

/** Reads the XML of STS. Throws an error with the members of the SDK's errors when it holds one. */
function readIdentity({ status, text }: StsAnswer): CallerIdentity {
  const read = (member: string): string | undefined =>
    new RegExp(`<${member}>\\s*([^<>]+?)\\s*</${member}>`).exec(text)?.[1];
  const account = read('Account');
  const arn = read('Arn');
  if (status === 200 && account !== undefined && arn !== undefined) return { account, arn };
  const code = read('Code');
  throw Object.assign(new Error(read('Message') ?? 'without an identity'), {
    name: code ?? 'UnexpectedAnswer',
    ...(code !== undefined && { $fault: 'client' }),
    $metadata: { httpStatusCode: status, requestId: read('RequestId') },
  });
}
