import { EcrpError } from '../errors.ts';
import { quoteText } from '../foreign-text.ts';
import type { Io } from '../io.ts';

/** 9999-12-31: RFC 3339 has four digits for the year. */
const MAX_SECONDS = 253_402_300_799;

/**
 * Reads SOURCE_DATE_EPOCH, seconds since 1970 (reproducible-builds.org/specs/source-date-epoch), as RFC 3339 in UTC. Undefined if it is not
 * set. Throws USAGE for anything else.
 */
export function readSourceDate({ env }: Pick<Io, 'env'>): string | undefined {
  const { SOURCE_DATE_EPOCH: text } = env;
  if (!text) return undefined;
  if (/^\d{1,12}$/.test(text) && Number(text) <= MAX_SECONDS) {
    return new Date(Number(text) * 1000).toISOString().replace('.000Z', 'Z');
  }
  throw new EcrpError(
    'USAGE',
    `SOURCE_DATE_EPOCH is ${quoteText(text)}, not a number of seconds since 1970`,
    {
      hint: 'Set it to the output of: git log -1 --format=%ct',
    },
  );
}
