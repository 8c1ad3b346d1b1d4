import { CHOICES } from '../choices.ts';
import { issueAnonymousToken, verifyToken } from '../tokens.ts';
import type { Exchange } from './exchange.ts';
import { RegistryError } from './registry-error.ts';
import { sendBody } from './reply.ts';

/** `GET /token/`: a token to pull with for anybody; for the user AWS with a password, the token that the two make. */
export function serveToken({ request, response, context }: Exchange): void {
  const { authorization } = request.headers;
  const now = context.now();
  const token = authorization === undefined ? issueAnonymousToken(context.tokens, now).token : exchange();
  sendBody(response, 200, 'application/json; charset=utf-8', JSON.stringify({ token }));

  function exchange(): string {
    const credentials = /^basic +(\S+)$/i.exec(authorization ?? '')?.[1] ?? '';
    const verdict = verifyToken(context.tokens, credentials, now);
    // An anonymous token is no password.
    if (typeof verdict === 'object') return credentials;
    const text =
      verdict === 'expired'
        ? 'Your authorization token has expired. Reauthenticate and try again.'
        : 'Your Authorization Token is invalid.';
    throw new RegistryError(CHOICES.registryDeniedLoginStatus.value, 'DENIED', text);
  }
}

/** `/token`: to the address with the slash, whatever it was asked with. */
export function redirectToToken({ request, response }: Exchange): void {
  const query = /\?.*$/.exec(request.url ?? '')?.[0] ?? '';
  response.writeHead(301, { location: `/token/${query}`, 'content-length': 0 });
  response.end();
}
