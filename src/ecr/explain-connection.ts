import { roundSeconds } from '../async/abort.ts';
import { isTlsCode } from '../net/tls-failure.ts';
import { AttemptTimeout } from './attempt-timeout.ts';
import { isNetworkFailure } from './classify.ts';
import { NEEDS_TLS } from './diagnose-scheme.ts';
import type { Failure } from './exception.ts';

/** Operations of a push, which keeps what it has sent. */
const PUSHING: readonly string[] = [
  'BatchCheckLayerAvailability',
  'InitiateLayerUpload',
  'UploadLayerPart',
  'CompleteLayerUpload',
  'PutImage',
];

/** OpenSSL's words for an answer that is no TLS, such as one in plain HTTP. */
const NO_TLS = /wrong version number/;

type ConnectionProblem = readonly [
  names: RegExp | ((name: string) => boolean),
  problem: string,
  check: string,
];

const CHECK_SILENCE = 'Check the network, firewalls, and whether a proxy is between';

/** By the codes of Node's errors; the first one is for all that none fits. */
const connectionProblems: readonly [ConnectionProblem, ...ConnectionProblem[]] = [
  [/^$/, 'the connection to ENDPOINT broke', 'Check the network, and whether a proxy is between'],
  [
    /^(ENOTFOUND|EAI_)/,
    'the host name of ENDPOINT cannot be resolved',
    'Check DNS and the network, and the endpoint if you gave one',
  ],
  [
    /^ECONNREFUSED$/,
    'nothing accepts connections at ENDPOINT',
    'Check the endpoint and its port if you gave one, and firewalls',
  ],
  [/^(EHOST|ENETDOWN|ENETUNREACH|EADDRNOTAVAIL)/, 'no route to ENDPOINT', 'Check the network'],
  [/^(TimeoutError|ETIMEDOUT)$/, 'no answer from ENDPOINT', CHECK_SILENCE],
  [
    isTlsCode,
    'no trusted connection to ENDPOINT',
    'Check the endpoint if you gave one; AWS_CA_BUNDLE names further certificates to trust, such as those of a proxy that reads along',
  ],
];

/** Whether no answer came, for whatever reason. */
export function isConnectionFailure(failure: Failure): boolean {
  return isNetworkFailure(failure) || isTlsCode(failure.name) || failure.name === NEEDS_TLS;
}

interface Place {
  readonly operation: string;
  /** URL of the endpoint, and perhaps in brackets what leads there. */
  readonly endpoint: string;
  readonly attempts: number;
}

interface ConnectionText {
  readonly message: string;
  readonly hint: string;
}

/** What a user is told of a connection that was not made or did not last. */
export function explainConnection(failure: Failure, place: Place): ConnectionText {
  const { operation, endpoint, attempts } = place;
  const again = PUSHING.includes(operation) ? 'run it again: it resumes where it stopped' : 'run it again';
  const { message, hint } = explainScheme(failure, endpoint) ?? explainCode(failure, endpoint, attempts);
  return { message: `${operation}: ${message}`, hint: `${hint}; then ${again}.` };
}

/** `http://` where TLS is spoken, and the reverse. Other attempts would not change it, so their number says nothing. */
function explainScheme({ name, message }: Failure, endpoint: string): ConnectionText | undefined {
  const other = (scheme: string): string => endpoint.replace(/ .*/s, '').replace(/^https?(?=:)/, scheme);
  if (name === NEEDS_TLS) {
    return { message: `${endpoint} speaks TLS only`, hint: `Give the endpoint as ${other('https')}` };
  }
  if (name !== 'EPROTO' || !NO_TLS.test(message)) return undefined;
  return {
    message: `${endpoint} does not speak TLS`,
    hint: `Give the endpoint as ${other('http')} if that is right, or check whether a proxy is between`,
  };
}

function explainCode(failure: Failure, endpoint: string, attempts: number): ConnectionText {
  const { cause } = failure;
  const tries = describeAttempts(attempts);
  if (cause instanceof AttemptTimeout) {
    const message = `no ${cause.what} from ${endpoint}`;
    const seconds = `${roundSeconds(cause.waitedMs)} s`;
    const waited = attempts === 1 ? ` within ${seconds}` : `${tries}; the last waited ${seconds}`;
    return { message: `${message}${waited}`, hint: CHECK_SILENCE };
  }
  const [, problem, hint] =
    connectionProblems.find(([names]) => fits(names, failure.name)) ?? connectionProblems[0];
  return {
    message: `${problem.replace('ENDPOINT', endpoint)}${tries}${describeDetail(failure, endpoint)}`,
    hint,
  };
}

/** Follows what happened. */
export function describeAttempts(attempts: number): string {
  return attempts === 1 ? '' : ` after ${attempts} attempts`;
}

/** Node's and OpenSSL's own words, without what stands before them already. */
function describeDetail({ name, message }: Failure, endpoint: string): string {
  const [, code, address = ''] =
    /^(?:connect|getaddrinfo|read|write) (E[A-Z_]+)(?: (\S+))?$/.exec(message) ?? [];
  if (code !== undefined)
    return ` (${address === '' || endpoint.includes(address) ? code : `${code} ${address}`})`;
  const reason = /:SSL routines:[^:]*:([^:]+):/.exec(message)?.[1];
  return `: ${reason ?? (message || name)}`;
}

function fits(names: ConnectionProblem[0], name: string): boolean {
  return typeof names === 'function' ? names(name) : names.test(name);
}
