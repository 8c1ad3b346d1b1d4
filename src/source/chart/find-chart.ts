import { posix } from 'node:path';
import { promisify } from 'node:util';
import { constants, gunzip } from 'node:zlib';
import { EcrpError } from '../../errors.ts';
import { quoteText } from '../../foreign-text.ts';
import { invalidInput } from '../../oci/json.ts';
import { ForwardReader } from '../arriving/forward-reader.ts';
import { readDecompressed } from '../spool.ts';
import { readTarEntries, type TarEntry } from '../tar/tar-entries.ts';
import type { TarInput } from '../tar/tar-header.ts';

/** Most bytes of a chart, packed and unpacked. Source: helm.sh/helm/v3, pkg/chart/loader/archive.go. */
export const MAX_CHART_BYTES = 100 * 1024 * 1024;
/** Most bytes of one file of a chart. Same source. */
const MAX_FILE_BYTES = 5 * 1024 * 1024;

/** First bytes of a gzip file that show what the first entries are. They decompress to 4 MiB at most. */
export const CHART_START_BYTES = 4 * 1024;

/** The remedy for most faults of a chart. */
export const PACKAGE_AGAIN = 'Correct it, and package the chart again: helm package DIR';
const LEAVE_OUT = 'List what the chart does not need in .helmignore, and package it again: helm package DIR';

/** The files of a packaged chart that its metadata is read from. */
export interface ChartFiles {
  readonly chartYaml: Buffer;
  /** Dependencies of a chart with apiVersion v1. */
  readonly requirementsYaml: Buffer | undefined;
}

const unpack = promisify<Buffer, Parameters<typeof gunzip>[1] & object, Buffer>(gunzip);

/**
 * Whether a gzip file may be a packaged chart, by its first `CHART_START_BYTES` bytes. The first entries tell an image archive from a
 * chart.
 */
export async function mayBeChart(start: Buffer): Promise<boolean> {
  let tar: Buffer;
  try {
    tar = await unpack(start, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return false;
  }
  let isChart = false;
  try {
    for await (const entry of readTarEntries(holdStart(tar))) {
      if (isOfImage(entry, isChart)) return false;
      isChart ||= findInnerName(entry) === 'Chart.yaml';
    }
  } catch (error) {
    // The start of an archive ends within an entry.
    if (!(error instanceof EcrpError)) throw error;
  }
  return true;
}

/**
 * Finds the files of a chart in a whole gzip file. Undefined if it is not a chart: a chart has all files in folders, one of them
 * `Chart.yaml`. Throws INVALID_INPUT for a chart that Helm does not read. `path` is for messages.
 */
export async function findChartFiles(packed: Buffer, path: string): Promise<ChartFiles | undefined> {
  const chunks = decompress(packed, path);
  const reader = new ForwardReader(path, chunks, { keep: async () => undefined });
  const files = new Map<string, Buffer>();
  let problem: EcrpError | undefined;
  try {
    for await (const entry of readTarEntries(reader)) {
      if (entry.kind === 'directory') continue;
      if (isOfImage(entry, files.has('Chart.yaml'))) return undefined;
      problem ??= findProblem(entry, files, path);
      const name = findInnerName(entry);
      if (name !== 'Chart.yaml' && name !== 'requirements.yaml') continue;
      const length = Math.min(entry.storedBytes, MAX_FILE_BYTES);
      files.set(name, Buffer.from(await reader.read(entry.start, length)));
    }
    await reader.drain();
  } catch (error) {
    if (!(error instanceof EcrpError && files.has('Chart.yaml'))) return undefined;
    throw error;
  } finally {
    await chunks.return(undefined);
  }
  const chartYaml = files.get('Chart.yaml');
  if (chartYaml === undefined) return undefined;
  if (problem !== undefined) throw problem;
  return { chartYaml, requirementsYaml: files.get('requirements.yaml') };
}

/** Throws INVALID_INPUT if the file is damaged, or decompresses to more than a chart may. */
async function* decompress(packed: Buffer, path: string): AsyncGenerator<Buffer> {
  const chunks = (async function* () {
    yield packed;
  })();
  let length = 0;
  for await (const chunk of readDecompressed({
    path,
    compression: 'gzip',
    chunks,
    findMaxBytes: () => MAX_CHART_BYTES,
  })) {
    length += chunk.length;
    if (length > MAX_CHART_BYTES) {
      throw invalidInput(
        path,
        `the chart decompresses to more than ${MAX_CHART_BYTES} bytes, more than Helm reads`,
        { hint: LEAVE_OUT },
      );
    }
    yield chunk;
  }
}

/** Names that image archives have in folders: blobs of an OCI layout, layers of a docker-archive. */
const IN_IMAGES = /^(blobs\/sha256(\/|$)|[a-f0-9]{64}(\/|$)|[^/]+\/layer\.tar$)/;

/** Whether an entry shows that an archive is not a chart. A chart has no file outside of folders, and an image has one. */
function isOfImage({ name, kind }: TarEntry, isChart: boolean): boolean {
  if (kind !== 'directory' && !/[/\\]/.test(name)) return true;
  return !isChart && IN_IMAGES.test(name);
}

/**
 * The name of a file in a chart: without the first folder, whatever its name is, as in Helm's `LoadArchiveFiles`. Undefined for a name that
 * Helm refuses.
 */
function findInnerName({ fullName }: TarEntry): string | undefined {
  const delimiter = fullName.includes('\\') ? '\\' : '/';
  const [first, ...rest] = fullName.split(delimiter);
  const inner = rest.join('/');
  if (first === 'Chart.yaml' || inner.startsWith('/')) return undefined;
  const name = posix.normalize(inner);
  return name === '.' || name.startsWith('..') || /^[a-zA-Z]:\//.test(name) ? undefined : name;
}

function findProblem(
  entry: TarEntry,
  files: ReadonlyMap<string, Buffer>,
  path: string,
): EcrpError | undefined {
  const name = findInnerName(entry);
  const subject = `${path}: entry ${quoteText(entry.fullName)}`;
  if (name === undefined) {
    return invalidInput(subject, 'it is outside of the folder of the chart', { hint: PACKAGE_AGAIN });
  }
  if (entry.size > MAX_FILE_BYTES) {
    return invalidInput(
      subject,
      `it has ${entry.size} bytes, and Helm reads no file of more than ${MAX_FILE_BYTES} bytes`,
      { hint: LEAVE_OUT },
    );
  }
  if (files.has(name)) return invalidInput(subject, 'it is there twice', { hint: PACKAGE_AGAIN });
  return undefined;
}

function holdStart(bytes: Buffer): TarInput {
  return {
    path: '',
    size: undefined,
    read: async (position, length) => bytes.subarray(position, position + length),
    skipTo: async (position) => Math.min(position, bytes.length),
  };
}
