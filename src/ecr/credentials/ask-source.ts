import { EcrpError } from '../../errors.ts';
import type { SourceContext } from './identity.ts';

export interface AskedSource {
  /** A noun phrase that names the source, such as `the instance metadata service at http://169.254.169.254`. */
  readonly what: string;
  readonly hint: string;
}

/**
 * Asks a source of credentials over HTTP. Throws AUTH, naming the source with its own words, when it fails or does not answer
 * in time; the reason of the context's signal as soon as that is aborted.
 */
export async function askOverHttp<Answer>(
  { what, hint }: AskedSource,
  { signal, startWait, httpTimeoutMs }: SourceContext,
  ask: (signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  const deadline = AbortSignal.timeout(httpTimeoutMs);
  const either = AbortSignal.any([signal, deadline]);
  const endWait = startWait(what);
  try {
    return await raceAbort(ask(either), either);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof EcrpError) throw error;
    const seconds = httpTimeoutMs / 1000;
    const problem = deadline.aborted ? `no answer within ${seconds} s` : getWords(error);
    throw new EcrpError('AUTH', `${what}: ${problem}`, { hint, cause: error });
  } finally {
    endWait();
  }
}

/** Settles as `work` does, or rejects with the signal's reason once it is aborted. The SDK's providers take no signal. */
export function raceAbort<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const follow = (): void => reject(signal.reason);
    if (signal.aborted) follow();
    else signal.addEventListener('abort', follow, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', follow));
  });
}

/** What an error says, as one line. */
export function getWords(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text
    .replaceAll(/\s+/g, ' ')
    .replace(/^(?:\w*Error: )+/, '')
    .trim();
}
