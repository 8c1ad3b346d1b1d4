import type { Descriptor } from '../../oci/descriptor.ts';
import type { GoMap, GoValue } from '../../yaml/go-yaml.ts';
import type { ChartDependency, ChartMaintainer, ChartMetadata } from './chart-metadata.ts';

/** Source: helm.sh/helm/v3, pkg/registry/constants.go. */
export const CHART_LAYER = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip';
export const CHART_PROVENANCE = 'application/vnd.cncf.helm.chart.provenance.v1.prov';

/** JSON as Go's encoding/json writes it: maps are sorted, objects are in their order without undefined members. */
type GoJson = GoValue | readonly GoJson[] | GoJsonObject;
interface GoJsonObject {
  readonly [name: string]: GoJson | undefined;
}

/** Makes the config of a chart: the bytes that `helm push` makes of the same Chart.yaml. */
export function formatChartConfig(metadata: ChartMetadata): Buffer {
  return encodeJson({
    ...dropEmpty({ ...metadata }),
    maintainers: dropEmptyList(metadata.maintainers.map(formatMaintainer)),
    dependencies: dropEmptyList(metadata.dependencies.map(formatDependency)),
  });
}

function formatMaintainer(maintainer: ChartMaintainer): GoJsonObject {
  return dropEmpty({ ...maintainer });
}

function formatDependency({ importValues, ...dependency }: ChartDependency): GoJsonObject {
  const { name, version, repository, condition, tags, enabled, alias } = dependency;
  const optional = dropEmpty({ version, condition, tags, enabled, importValues, alias });
  return {
    name,
    version: optional.version,
    repository,
    condition: optional.condition,
    tags: optional.tags,
    enabled: optional.enabled,
    'import-values': optional.importValues,
    alias: optional.alias,
  };
}

/** Makes the manifest of a chart, in the form of Helm's: without a media type, layers sorted by digest. */
export function formatChartManifest(
  config: Descriptor,
  layers: readonly Descriptor[],
  annotations: ReadonlyMap<string, string>,
): Buffer {
  const sorted = [...layers].sort((a, b) => (a.digest < b.digest ? -1 : 1));
  return encodeJson({
    schemaVersion: 2,
    config: pickDescriptor(config),
    layers: sorted.map(pickDescriptor),
    annotations,
  });
}

function pickDescriptor({ mediaType, digest, size }: Descriptor): GoJsonObject {
  return { mediaType, digest, size };
}

const PREFIX = 'org.opencontainers.image.';
/** The chart's own annotations do not replace these. */
const FIXED = [`${PREFIX}version`, `${PREFIX}title`];

/**
 * Makes the annotations of a chart's manifest, as Helm does. `created` (RFC 3339) stands there unless the chart's own annotations have
 * another. Helm gives the time at which the file was written.
 */
export function listChartAnnotations(
  metadata: ChartMetadata,
  created: string | undefined,
): ReadonlyMap<string, string> {
  const { description, name, version, home, sources, maintainers } = metadata;
  const stated: readonly (readonly [string, string | undefined])[] = [
    ['description', description],
    ['title', name],
    ['version', version],
    ['url', home],
    ['created', created],
    ['source', sources[0]],
    ['authors', maintainers.map(formatAuthor).join(', ')],
  ];
  const annotations = new Map<string, string>();
  for (const [key, value] of stated) {
    if (value !== undefined && value.trim() !== '') annotations.set(PREFIX + key, value);
  }
  for (const [key, value] of metadata.annotations) {
    if (!FIXED.includes(key)) annotations.set(key, value);
  }
  return annotations;
}

function formatAuthor({ name, email }: ChartMaintainer): string {
  return email === '' ? name : `${name} (${email})`;
}

function dropEmptyList(list: readonly GoJsonObject[]): readonly GoJsonObject[] | undefined {
  return list.length === 0 ? undefined : list;
}

/** Go's `omitempty`. */
function dropEmpty(object: Readonly<Record<string, unknown>>): GoJsonObject {
  const isEmpty = (value: unknown): boolean =>
    value === '' ||
    value === false ||
    (Array.isArray(value) && value.length === 0) ||
    (value instanceof Map && value.size === 0);
  // The callers pass metadata, whose members are JSON.
  return Object.fromEntries(Object.entries(object).filter(([, value]) => !isEmpty(value))) as GoJsonObject;
}

function encodeJson(value: GoJson): Buffer {
  return Buffer.from(formatValue(value));
}

function formatValue(value: GoJson): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return formatText(value);
  // Go decodes integers of unknown members into float64 as well. Both languages format these alike.
  if (typeof value === 'number' || typeof value === 'bigint') return JSON.stringify(Number(value));
  if (isList(value)) return `[${value.map(formatValue).join(',')}]`;
  const entries: readonly (readonly [string, GoJson | undefined])[] = isMap(value)
    ? [...value].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    : Object.entries(value);
  const members = entries.flatMap(([name, member]) =>
    member === undefined ? [] : `${formatText(name)}:${formatValue(member)}`,
  );
  return `{${members.join(',')}}`;
}

/** Go escapes what could end a script in HTML or JavaScript. */
function formatText(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function isList(value: GoJson): value is readonly GoJson[] {
  return Array.isArray(value);
}

function isMap(value: GoJson): value is GoMap {
  return value instanceof Map;
}
