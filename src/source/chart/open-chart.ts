import type { ImageSource } from '../../ends/image-source.ts';
import { type ByteFile, streamRange } from '../byte-file.ts';
import type { SpoolInput } from '../spool.ts';
import { CHART_START_BYTES, findChartFiles, MAX_CHART_BYTES, mayBeChart } from './find-chart.ts';
import type { ChartOptions } from './make-chart.ts';

// Every gzip archive comes through here. What only charts need, such as YAML, is loaded for a chart.

/**
 * Opens a packaged Helm chart with the provenance file beside it, if there is one. Undefined if the gzip file holds anything else. It reads
 * the whole chart into memory and does not close the file. Throws INVALID_INPUT for a chart that Helm does not read.
 */
export async function openChartFile(file: ByteFile, options: ChartOptions): Promise<ImageSource | undefined> {
  if (file.size > MAX_CHART_BYTES || !(await mayBeChart(await file.read(0, CHART_START_BYTES)))) {
    return undefined;
  }
  const packed = await readWhole(file);
  const files = await findChartFiles(packed, file.path);
  if (files === undefined) return undefined;
  const { makeChart, readProvenance } = await import('./make-chart.ts');
  const provenance = await readProvenance(`${file.path}.prov`);
  return makeChart({ path: file.path, packed, files, provenance }, options);
}

/** Opens a chart out of a gzip stream. For anything else it gives the same stream, from its start. */
export async function openChartStream(
  input: SpoolInput,
  options: ChartOptions,
): Promise<{ readonly source: ImageSource } | { readonly input: SpoolInput }> {
  const { path } = input;
  const rest = input.chunks[Symbol.asyncIterator]();
  const held: Buffer[] = [];
  let heldBytes = 0;
  const hold = async (mostBytes: number): Promise<void> => {
    while (heldBytes < mostBytes) {
      const next = await rest.next();
      if (next.done) return;
      held.push(next.value);
      heldBytes += next.value.length;
    }
  };
  await hold(CHART_START_BYTES);
  if (await mayBeChart(Buffer.concat(held).subarray(0, CHART_START_BYTES))) {
    await hold(MAX_CHART_BYTES + 1);
    const packed = heldBytes > MAX_CHART_BYTES ? undefined : Buffer.concat(held);
    // One copy of a large chart is enough.
    if (packed) held.splice(0, held.length, packed);
    const files = packed && (await findChartFiles(packed, path));
    if (packed && files) {
      const { makeChart } = await import('./make-chart.ts');
      return { source: makeChart({ path, packed, files }, options) };
    }
  }
  return { input: { ...input, chunks: replay(held, rest) } };
}

/** Reads into one piece of memory. Throws INVALID_INPUT if the file changes meanwhile. */
async function readWhole(file: ByteFile): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(file.size);
  let at = 0;
  for await (const chunk of streamRange(file, 0, file.size, file.path, { transient: true })) {
    at += chunk.copy(bytes, at);
  }
  return bytes;
}

async function* replay(held: Buffer[], rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  for (let chunk = held.shift(); chunk !== undefined; chunk = held.shift()) yield chunk;
  yield* { [Symbol.asyncIterator]: () => rest };
}
