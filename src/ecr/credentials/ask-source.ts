import { raceAbort, withDeadline } from '../../async/abort.ts';
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
  const endWait = startWait(what);
  try {
    return await withDeadline(signal, httpTimeoutMs, (inner) => raceAbort(ask(inner), inner));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof EcrpError) throw error;
    throw new EcrpError('AUTH', `${what}: ${getWords(error)}`, { hint, cause: error });
  } finally {
    endWait();
  }
}

/** What an error says, as one line. */
export function getWords(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text
    .replaceAll(/\s+/g, ' ')
    .replace(/^(?:\w*Error: )+/, '')
    .trim();
}
