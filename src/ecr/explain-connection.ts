import { isTlsCode } from '../net/tls-failure.ts';
import { isNetworkFailure } from './classify.ts';
import type { Failure } from './exception.ts';

/** Operations of a push, which keeps what it has sent. */
const PUSHING: readonly string[] = [
  'BatchCheckLayerAvailability',
  'InitiateLayerUpload',
  'UploadLayerPart',
  'CompleteLayerUpload',
  'PutImage',
];

type ConnectionProblem = readonly [
  names: RegExp | ((name: string) => boolean),
  problem: string,
  check: string,
];

/** OpenSSL's words for an answer that is no TLS, such as one in plain HTTP. */
const NO_TLS = /wrong version number/;
const noTls: ConnectionProblem = [
  /^EPROTO$/,
  'ENDPOINT does not answer with TLS',
  'Check the endpoint if you gave one (a server without TLS has http://), and whether a proxy is between',
];

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
  [
    /^(TimeoutError|ETIMEDOUT)$/,
    'no answer from ENDPOINT',
    'Check the network, firewalls, and whether a proxy is between',
  ],
  [
    isTlsCode,
    'no trusted connection to ENDPOINT',
    'Check the endpoint if you gave one; AWS_CA_BUNDLE names further certificates to trust, such as those of a proxy that reads along',
  ],
];

/** Whether no answer came, for whatever reason. */
export function isConnectionFailure(failure: Failure): boolean {
  return isNetworkFailure(failure) || isTlsCode(failure.name);
}

/** What a user is told of a connection that was not made or did not last; `tries` follows what happened. */
export function explainConnection(
  failure: Failure,
  { operation, endpoint }: { readonly operation: string; readonly endpoint: string },
  tries: string,
): { readonly message: string; readonly hint: string } {
  const isNoTls = fits(noTls[0], failure.name) && NO_TLS.test(failure.message);
  const detail = isNoTls ? 'wrong version number' : failure.message || failure.name;
  const again = PUSHING.includes(operation) ? 'run it again: it resumes where it stopped' : 'run it again';
  const [, problem, check] = isNoTls
    ? noTls
    : (connectionProblems.find(([names]) => fits(names, failure.name)) ?? connectionProblems[0]);
  return {
    message: `${operation}: ${problem.replace('ENDPOINT', endpoint)}${tries}: ${detail}`,
    hint: `${check}; then ${again}.`,
  };
}

function fits(names: ConnectionProblem[0], name: string): boolean {
  return typeof names === 'function' ? names(name) : names.test(name);
}
