import { EcrpError } from '../errors.ts';

/** Gives back an HTTP URL that may be shown. Throws USAGE, naming `origin`, when it is not an HTTP URL or carries a password. */
export function checkUrl(value: string, origin: string): string {
  const problem = findUrlProblem(value);
  if (problem === undefined) return value;
  // The value may hold a password, so the message does not repeat it.
  const shown = /[@?#]/.test(value) ? 'the URL' : `'${value}'`;
  throw new EcrpError('USAGE', `${origin}: ${shown} ${problem}`, {
    hint: 'Give the scheme, host and port, such as http://127.0.0.1:5100.',
  });
}

/** What is wrong with an endpoint's URL; undefined when nothing is. */
export function findUrlProblem(value: string): string | undefined {
  if (/\s/.test(value)) return 'contains a space or a line break';
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) return 'is not an http or https URL';
  if (url.username !== '' || url.password !== '') return 'contains a user name or password';
  // The SDK would drop them, and they may hold a secret as well.
  if (url.search !== '' || url.hash !== '') return 'contains a query or a fragment';
  return undefined;
}
