import { addAbortSignal } from 'node:stream';
import type { ImageSource } from '../../../ends/image-source.ts';
import type { Io } from '../../../io.ts';
import type { ByteFile } from '../../../source/byte-file.ts';
import { openChartFile, openChartStream } from '../../../source/chart/open-chart.ts';
import { recognizeStream } from '../../../source/open-stream.ts';
import { blamePipe } from '../../../source/refusals.ts';
import type { SpoolInput } from '../../../source/spool.ts';
import { readSourceDate } from '../../source-date.ts';
import type { GivenStream } from './open-given-source.ts';

/** Opens a Helm chart. Undefined for any other file. Closes the file of a chart, and if this throws. */
export async function findChartFile(io: Io, file: ByteFile): Promise<ImageSource | undefined> {
  let isOther = false;
  try {
    const source = await openChartFile(file, { findCreated: () => readSourceDate(io) });
    isOther = source === undefined;
    return source;
  } finally {
    if (!isOther) file.close();
  }
}

/** Reads the first bytes of a stream, and the whole of a Helm chart. Destroys the stream then, and if this throws. */
export async function recognizeGiven(
  io: Io,
  { name, stream }: GivenStream,
): Promise<{ readonly source: ImageSource } | { readonly input: SpoolInput }> {
  let isOther = false;
  try {
    addAbortSignal(io.signal, stream);
    const input = await recognizeStream(stream, name);
    const found =
      input.compression === 'gzip'
        ? await openChartStream(input, { findCreated: () => readSourceDate(io) })
        : { input };
    isOther = 'input' in found;
    return found;
  } catch (error) {
    io.signal.throwIfAborted();
    throw blamePipe(error);
  } finally {
    if (!isOther) stream.destroy();
  }
}
