import type { ImageSource } from '../../../ends/image-source.ts';
import { EcrpError } from '../../../errors.ts';
import { quoteText } from '../../../foreign-text.ts';
import type { Io } from '../../../io.ts';
import type { ByteFile } from '../../../source/byte-file.ts';
import { openChartFile, openChartStream } from '../../../source/chart/open-chart.ts';
import type { SpoolInput } from '../../../source/spool.ts';

/** Opens a Helm chart and closes its file. Undefined for any other file, which stays open. */
export async function findChartFile(io: Io, file: ByteFile): Promise<ImageSource | undefined> {
  const source = await openChartFile(file, { findCreated: () => readSourceDate(io) });
  if (source !== undefined) file.close();
  return source;
}

/** Opens a Helm chart out of a gzip stream; anything else gives the stream from its start. */
export async function findChartStream(
  io: Io,
  input: SpoolInput,
): Promise<{ readonly source: ImageSource } | { readonly input: SpoolInput }> {
  return openChartStream(input, { findCreated: () => readSourceDate(io) });
}

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
