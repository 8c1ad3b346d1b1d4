import { existsSync } from 'node:fs';
import type { ChartFacts, ImageSource, ManifestImage } from '../../ends/image-source.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { type Digest, digestOf } from '../../oci/digest.ts';
import { invalidInput } from '../../oci/json.ts';
import { OCI_MANIFEST } from '../../oci/media-types.ts';
import { readGoYaml } from '../../yaml/go-yaml.ts';
import { type ByteFile, openByteFile, streamRange } from '../byte-file.ts';
import { addBlobs } from '../source-blobs.ts';
import { collectBytes } from '../source-store.ts';
import type { SpoolInput } from '../spool.ts';
import {
  CHART_CONFIG,
  CHART_LAYER,
  CHART_PROVENANCE,
  formatChartConfig,
  formatChartManifest,
  listChartAnnotations,
} from './chart-manifest.ts';
import { type ChartMetadata, PACKAGE_AGAIN, readChartMetadata } from './chart-metadata.ts';
import { checkChart } from './check-chart.ts';
import {
  CHART_START_BYTES,
  type ChartFiles,
  findChartFiles,
  MAX_CHART_BYTES,
  mayBeChart,
} from './find-chart.ts';

/** Far more than a signature with checksums and Chart.yaml needs. */
const MAX_PROVENANCE_BYTES = 8 * 1024 * 1024;

export interface ChartOptions {
  /** When the chart was made (RFC 3339), unless Chart.yaml says so itself. Called for a chart only. */
  findCreated(): string | undefined;
}

/**
 * Opens a packaged Helm chart with the provenance file beside it, if there is one. Undefined if the gzip file holds anything else. It reads
 * the whole chart into memory and does not close the file. Throws INVALID_INPUT for a chart that Helm does not read.
 */
export async function openChartFile(file: ByteFile, options: ChartOptions): Promise<ImageSource | undefined> {
  if (file.size > MAX_CHART_BYTES || !(await mayBeChart(await file.read(0, CHART_START_BYTES)))) {
    return undefined;
  }
  const packed = await collectBytes(streamRange(file, 0, file.size, file.path));
  const files = await findChartFiles(packed, file.path);
  if (files === undefined) return undefined;
  return makeSource(file.path, packed, files, await readProvenance(`${file.path}.prov`), options);
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
    const files = packed && (await findChartFiles(packed, path));
    if (packed && files) return { source: makeSource(path, packed, files, undefined, options) };
  }
  return { input: { ...input, chunks: replay(held, rest) } };
}

async function* replay(held: Buffer[], rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  for (let chunk = held.shift(); chunk !== undefined; chunk = held.shift()) yield chunk;
  yield* { [Symbol.asyncIterator]: () => rest };
}

/** Undefined if there is no such file. */
async function readProvenance(path: string): Promise<Buffer | undefined> {
  if (!existsSync(path)) return undefined;
  const file = openByteFile(path, { followLinks: true });
  try {
    if (file.size > MAX_PROVENANCE_BYTES) {
      throw invalidInput(path, `it has ${file.size} bytes, too many for a provenance file`, {
        hint: 'Move it away, or sign the chart again: helm package --sign DIR',
      });
    }
    return await collectBytes(streamRange(file, 0, file.size, path));
  } finally {
    file.close();
  }
}

function makeSource(
  path: string,
  packed: Buffer,
  files: ChartFiles,
  provenance: Buffer | undefined,
  options: ChartOptions,
): ImageSource {
  const metadata = readMetadata(files, path);
  const blobs = new Map<Digest, Buffer>();
  const add = (mediaType: string, bytes: Buffer): Descriptor => {
    const digest = digestOf(bytes);
    blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const config = add(CHART_CONFIG, formatChartConfig(metadata));
  const layer = add(CHART_LAYER, packed);
  const layers = provenance === undefined ? [layer] : [layer, add(CHART_PROVENANCE, provenance)];
  const annotations = listChartAnnotations(metadata, options.findCreated());
  const root = add(OCI_MANIFEST, formatChartManifest(config, layers, annotations));
  const { name, version } = metadata;
  const chart: ChartFacts = { name, version, imageTag: version.replaceAll('+', '_') };
  const image: ManifestImage = {
    kind: 'manifest',
    names: [],
    root,
    chart,
    warnings: warnOfProvenance(path, layer.digest, provenance),
  };
  const empty: ImageSource = {
    path,
    format: 'helm-chart',
    images: [image],
    has: () => false,
    // biome-ignore lint/correctness/useYield: a chart has no other blobs.
    async *open(ref) {
      throw new TypeError(`a chart has no blob ${ref.kind === 'digest' ? ref.digest : ref.name}`);
    },
    async close() {},
  };
  return addBlobs(empty, blobs);
}

function readMetadata({ chartYaml, requirementsYaml }: ChartFiles, path: string): ChartMetadata {
  const subject = `${path}: Chart.yaml`;
  const metadata = readDocument(chartYaml, subject, undefined);
  const whole =
    requirementsYaml === undefined
      ? metadata
      : readDocument(requirementsYaml, `${path}: requirements.yaml`, metadata);
  checkChart(whole, subject);
  return whole;
}

function readDocument(bytes: Buffer, subject: string, before: ChartMetadata | undefined): ChartMetadata {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw invalidInput(subject, 'it is not UTF-8 text', { hint: PACKAGE_AGAIN, cause });
  }
  const read = readGoYaml(text);
  if ('faults' in read) throw invalidInput(subject, read.faults.join('; '), { hint: PACKAGE_AGAIN });
  return readChartMetadata(read.value, subject, before);
}

/** A provenance file states the SHA-256 of the packaged chart. */
function warnOfProvenance(path: string, digest: Digest, provenance: Buffer | undefined): readonly string[] {
  if (provenance === undefined || provenance.includes(digest)) return [];
  return [`${path}.prov is pushed, but belongs to another file: it does not state ${digest}`];
}
