import { isNetworkFailure } from './classify.ts';
import type { Failure } from './exception.ts';

/** Codes of OpenSSL's and Node's errors about certificates and handshakes. */
const TLS_FAILURE = /^(ERR_)?(SSL|TLS|CERT|EPROTO|UNABLE|DEPTH|SELF)/;

/** Operations of a push, which keeps what it has sent. */
const PUSHING: readonly string[] = [
  'BatchCheckLayerAvailability',
  'InitiateLayerUpload',
  'UploadLayerPart',
  'CompleteLayerUpload',
  'PutImage',
];

type ConnectionProblem = readonly [names: RegExp, problem: string, check: string];

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
  [
    /^(EHOST|ENETDOWN|ENETUNREACH|EADDRNOTAVAIL)/,
    'there is no way through the network to ENDPOINT',
    'Check the network',
  ],
  [
    /^(TimeoutError|ETIMEDOUT)$/,
    'no answer from ENDPOINT',
    'Check the network, firewalls, and whether a proxy is between',
  ],
  [
    TLS_FAILURE,
    'no trusted connection to ENDPOINT',
    'Check the endpoint if you gave one; NODE_EXTRA_CA_CERTS names further certificates to trust',
  ],
];

/** Whether no answer came, for whatever reason. */
export function isConnectionFailure(failure: Failure): boolean {
  return isNetworkFailure(failure) || TLS_FAILURE.test(failure.name);
}

/** What a user is told of a connection that was not made or did not last; `tries` follows what happened. */
export function explainConnection(
  failure: Failure,
  { operation, endpoint }: { readonly operation: string; readonly endpoint: string },
  tries: string,
): { readonly message: string; readonly hint: string } {
  const detail = failure.message || failure.name;
  const again = PUSHING.includes(operation) ? 'run it again: it goes on where it ended' : 'run it again';
  const [, problem, check] =
    connectionProblems.find(([names]) => names.test(failure.name)) ?? connectionProblems[0];
  return {
    message: `${operation}: ${problem.replace('ENDPOINT', endpoint)}${tries}: ${detail}`,
    hint: `${check}; then ${again}.`,
  };
}
