import type { BuiltManifest } from './build-manifest.ts';
import type { Content, Descriptor } from './descriptor.ts';
import { digestOf } from './digest.ts';
import { OCI_EMPTY, OCI_MANIFEST } from './media-types.ts';

/** The config of an artifact that needs none. Source: OCI image specification, "Guidance for an Empty Descriptor". */
export const EMPTY_CONFIG = Buffer.from('{}');

/** A file of an artifact. */
export interface ArtifactLayer extends Content {
  readonly mediaType: string;
  /** The path under which it is pulled. */
  readonly title: string;
}

export interface ArtifactParts {
  readonly artifactType: string;
  readonly layers: readonly ArtifactLayer[];
  /** What the artifact is about. */
  readonly subject?: Pick<Descriptor, 'mediaType' | 'digest' | 'size'> | undefined;
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * Builds the manifest of an artifact as `oras push` does, byte for byte: compact JSON of Go, the annotations in the order of their bytes. The
 * bytes depend on the arguments alone. Source: oras-go, pack.go.
 */
export function buildArtifact(parts: ArtifactParts): BuiltManifest {
  const { artifactType, layers, subject, annotations } = parts;
  const config = { digest: digestOf(EMPTY_CONFIG), size: EMPTY_CONFIG.length };
  const text = formatGoJson({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    artifactType,
    config: { mediaType: OCI_EMPTY, ...config, data: EMPTY_CONFIG.toString('base64') },
    layers: layers.map(({ mediaType, digest, size, title }) => ({
      mediaType,
      digest,
      size,
      annotations: { 'org.opencontainers.image.title': title },
    })),
    subject: subject && { mediaType: subject.mediaType, digest: subject.digest, size: subject.size },
    annotations: Object.keys(annotations).length > 0 ? sortByBytes(annotations) : undefined,
  });
  const bytes = Buffer.from(text);
  return { bytes, mediaType: OCI_MANIFEST, digest: digestOf(bytes) };
}

/** A map, because an object puts keys such as `7` first. */
function sortByBytes(annotations: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(annotations).sort(([one], [other]) =>
      Buffer.compare(Buffer.from(one), Buffer.from(other)),
    ),
  );
}

/** Formats JSON as Go's `json.Marshal`, which escapes what HTML reads as markup. Members without a value are left out. */
function formatGoJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(formatGoJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return escapeAsGo(JSON.stringify(value));
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  const members = entries.flatMap(([key, member]) =>
    member === undefined ? [] : `${formatGoJson(key)}:${formatGoJson(member)}`,
  );
  return `{${members.join(',')}}`;
}

function escapeAsGo(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
