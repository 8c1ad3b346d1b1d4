import { existsSync } from 'node:fs';
import type { ChartFacts, ImageSource, ManifestImage } from '../../ends/image-source.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { type Digest, digestOf } from '../../oci/digest.ts';
import { invalidInput } from '../../oci/json.ts';
import { OCI_MANIFEST } from '../../oci/media-types.ts';
import { readGoYaml } from '../../yaml/go-yaml.ts';
import { openByteFile, streamRange } from '../byte-file.ts';
import { addBlobs } from '../source-blobs.ts';
import { collectBytes } from '../source-store.ts';
import { CHART_CONFIG, makeChartTag } from './chart-facts.ts';
import {
  CHART_LAYER,
  CHART_PROVENANCE,
  formatChartConfig,
  formatChartManifest,
  listChartAnnotations,
} from './chart-manifest.ts';
import { type ChartMetadata, readChartMetadata } from './chart-metadata.ts';
import { checkChart } from './check-chart.ts';
import { type ChartFiles, PACKAGE_AGAIN } from './find-chart.ts';

/** Far more than a signature with checksums and Chart.yaml needs. */
const MAX_PROVENANCE_BYTES = 8 * 1024 * 1024;

export interface ChartOptions {
  /** When the chart was made (RFC 3339), unless Chart.yaml says so itself. Called for a chart only. */
  findCreated(): string | undefined;
}

/** A chart as it was read. */
interface PackagedChart {
  /** For messages. */
  readonly path: string;
  /** The whole file. */
  readonly packed: Buffer;
  readonly files: ChartFiles;
  readonly provenance?: Buffer | undefined;
}

/** Reads a provenance file. Undefined without one. */
export async function readProvenance(path: string): Promise<Buffer | undefined> {
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

/** Makes the source of a chart: its config, manifest and layers, as `helm push` does. Throws INVALID_INPUT for a chart that Helm does not read. */
export function makeChart(
  { path, packed, files, provenance }: PackagedChart,
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
  const chart: ChartFacts = { name, version, imageTag: makeChartTag(version) };
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
