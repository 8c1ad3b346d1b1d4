import { roundSeconds } from '../async/abort.ts';
import { isTlsCode } from '../net/connection-error.ts';
import { AttemptTimeout } from './attempt.ts';
import { NEEDS_TLS } from './diagnose-scheme.ts';
import { type Failure, isNetworkFailure } from './failure.ts';

/** Operations before which a push may have stored layers. */
const AFTER_LAYERS: readonly string[] = ['UploadLayerPart', 'CompleteLayerUpload', 'PutImage'];

/** OpenSSL's words for an answer without TLS, such as plain HTTP. */
const NO_TLS = /wrong version number/;

type ConnectionProblem = readonly [
  names: RegExp | ((name: string) => boolean),
  problem: string,
  check: string,
];

const CHECK_SILENCE = 'Check the network, firewalls, and whether a proxy is between';

/** By the codes of Node's errors. The first entry is for codes that no other fits. */
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
    'Check the endpoint if you gave one, or name further certificates to trust in AWS_CA_BUNDLE, such as those of an intercepting proxy',
  ],
];

/** True when no answer came, for whatever reason. */
export function isConnectionFailure(failure: Failure): boolean {
  return isNetworkFailure(failure) || isTlsCode(failure.name) || failure.name === NEEDS_TLS;
}

interface ConnectionSubject {
  readonly operation: string;
  /** URL of the endpoint, perhaps followed by the proxy in brackets. */
  readonly endpoint: string;
  readonly attempts: number;
}

interface ConnectionText {
  readonly message: string;
  readonly hint: string;
}

/** Explains a connection that was not made, or broke. */
export function explainConnection(failure: Failure, subject: ConnectionSubject): ConnectionText {
  const { operation, endpoint, attempts } = subject;
  // This holds with --no-resume too. Only the engine knows whether an upload can be resumed.
  const again = AFTER_LAYERS.includes(operation)
    ? 'run it again: what is stored already is not sent again'
    : 'run it again';
  const { message, hint } = explainScheme(failure, endpoint) ?? explainCode(failure, endpoint, attempts);
  return { message: `${operation}: ${message}`, hint: `${hint}; then ${again}.` };
}

/** Explains `http://` for a server with TLS, and the reverse. The number of attempts says nothing: another would not help. */
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

/** Says how many attempts failed. It follows the problem in a message. */
export function describeAttempts(attempts: number): string {
  return attempts === 1 ? '' : ` after ${attempts} attempts`;
}

/** Adds the words of Node and OpenSSL, without those that the message has already. */
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
