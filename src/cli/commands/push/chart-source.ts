import type { ImageSource } from '../../../ends/image-source.ts';
import type { Io } from '../../../io.ts';
import type { ByteFile } from '../../../source/byte-file.ts';
import { openChartFile, openChartStream } from '../../../source/chart/open-chart.ts';
import type { SpoolInput } from '../../../source/spool.ts';
import { readSourceDate } from '../../source-date.ts';

/** Opens a Helm chart. Undefined for any other file, which stays open. Closes the file of a chart, and if this throws. */
export async function findChartFile(io: Io, file: ByteFile): Promise<ImageSource | undefined> {
  let isLeft = false;
  try {
    const source = await openChartFile(file, { findCreated: () => readSourceDate(io) });
    isLeft = source === undefined;
    return source;
  } finally {
    if (!isLeft) file.close();
  }
}

/** Opens a Helm chart out of a gzip stream; anything else gives the stream from its start. */
export async function findChartStream(
  io: Io,
  input: SpoolInput,
): Promise<{ readonly source: ImageSource } | { readonly input: SpoolInput }> {
  return openChartStream(input, { findCreated: () => readSourceDate(io) });
}
