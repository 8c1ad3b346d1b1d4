import { EcrpError, type ErrorCode } from '../errors.ts';

/** How a URL that cannot be an endpoint is refused. */
export interface EndpointRefusal {
  readonly code: ErrorCode;
  readonly hint: string;
  /** Whether the message may repeat a URL that holds no password. */
  readonly showsUrl: boolean;
}

const USAGE: EndpointRefusal = {
  code: 'USAGE',
  hint: 'Give the scheme, host and port, such as http://127.0.0.1:5100.',
  showsUrl: true,
};

/**
 * Returns the URL of an endpoint as it is. It holds no secret, so it may be shown. Throws when it is not an HTTP URL, or has a user name,
 * a password, a query or a fragment. The error names `origin`; it is a USAGE error unless the refusal says otherwise.
 */
export function checkEndpointUrl(value: string, origin: string, { code, hint, showsUrl } = USAGE): string {
  const problem = findUrlProblem(value);
  if (problem === undefined) return value;
  // The value may hold a password. Then the message does not repeat it.
  const shown = showsUrl && !/[@?#]/.test(value) ? `'${value}'` : 'the URL';
  throw new EcrpError(code, `${origin}: ${shown} ${problem}`, { hint });
}

function findUrlProblem(value: string): string | undefined {
  if (/\s/.test(value)) return 'contains a space or a line break';
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) return 'is not an http or https URL';
  if (url.username !== '' || url.password !== '') return 'contains a user name or password';
  // The SDK would drop them, and they may hold a secret as well.
  if (url.search !== '' || url.hash !== '') return 'contains a query or a fragment';
  return undefined;
}
