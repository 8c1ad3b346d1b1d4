import { CHOICES } from '../choices.ts';
import { isModest, isParsedObject, type ParsedObject, parseObject } from '../json.ts';
import { PRIVATE_CHOICES } from '../private/choices.ts';
import { invalidParameter } from '../service-error.ts';
import { type BlobDigest, type BlobReference, isBlobDigest } from '../storage/model.ts';

const SCHEMA_1 = [
  'application/vnd.docker.distribution.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
];
const MANIFESTS = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
];
const INDEXES = [
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.index.v1+json',
];
const OCI_EMPTY = 'application/vnd.oci.empty.v1+json';

/** Enough for an index of 4 MiB. A manifest above these limits is refused before it is parsed. */
const [MOST_DEPTH, MOST_VALUES] = [100, 1_000_000];
/** 127 characters each for type and subtype, and the slash. Source: RFC 6838, section 4.2. */
const MAX_MEDIA_TYPE_CHARS = 255;

/** Choices about what is refused. Tests and rehearsals turn them. */
export interface ManifestSwitches {
  readonly artifactsWithSubject: 'accepted' | 'refused';
  readonly oddArtifactMembers: 'accepted' | 'refused';
  /** The exception for an immutable tag that is on the same image already. */
  readonly repeatedImmutableTag: 'ImageAlreadyExistsException' | 'ImageTagAlreadyExistsException';
}

export const MANIFEST_SWITCHES: ManifestSwitches = {
  artifactsWithSubject: CHOICES.artifactsWithSubject.value,
  oddArtifactMembers: CHOICES.oddArtifactMembers.value,
  repeatedImmutableTag: PRIVATE_CHOICES.repeatedImmutableTag.value,
};

/** The members of a descriptor that the emulator needs. */
interface Reference extends BlobReference {
  readonly size: number;
  /** True for a layer that clients can fetch from elsewhere. It need not be in the repository. */
  readonly foreign: boolean;
}

export interface ManifestFacts {
  readonly mediaType: string;
  /** The config, then the layers. No digest appears twice. */
  readonly blobs: readonly Reference[];
  /** The manifests that an index lists. No digest appears twice. */
  readonly manifests: readonly BlobDigest[];
  readonly subject?: BlobDigest;
  readonly artifactMediaType?: string;
  readonly artifactType?: string;
}

/** What the manifest of an image must have. */
interface Demands {
  readonly minimumLayers: number;
  readonly switches: ManifestSwitches;
}

/**
 * Reads a manifest and what it refers to. `givenType` is the media type that was sent along with it. Throws the InvalidParameterException
 * `Invalid JSON syntax` for everything unsupported, as the service does.
 */
export function readManifestFacts(
  text: string,
  givenType: string | undefined,
  { minimumLayers, switches }: Demands,
): ManifestFacts {
  const manifest = isModest(Buffer.from(text), MOST_DEPTH, MOST_VALUES) ? parseObject(text) : undefined;
  if (manifest === undefined) throw unsupported();
  const { mediaType: ownType = givenType } = manifest;
  if (typeof ownType !== 'string') throw unsupported();
  if (givenType !== undefined && givenType !== ownType) {
    throw invalidParameter('ImageManifest', CHOICES.mediaTypeDisagreesReason.value);
  }
  checkSwitches(manifest, switches);
  if (MANIFESTS.includes(ownType)) return readImageManifest(manifest, ownType, minimumLayers);
  if (INDEXES.includes(ownType)) return readIndex(manifest, ownType);
  if (SCHEMA_1.includes(ownType)) return readSchema1(manifest, ownType);
  throw unsupported();
}

/** Refuses what the switches say. */
function checkSwitches(manifest: ParsedObject, switches: ManifestSwitches): void {
  const { config, layers, subject } = manifest;
  const type = readArtifactType(manifest);
  if (switches.artifactsWithSubject === 'refused' && type !== undefined && subject !== undefined) {
    throw unsupported();
  }
  if (switches.oddArtifactMembers === 'accepted') return;
  const descriptors = [config, ...(Array.isArray(layers) ? layers : [])].filter(isParsedObject);
  const types = [type, ...descriptors.map(({ mediaType }) => mediaType)];
  const isOdd = types.some((each) => typeof each === 'string' && each.includes(';'));
  if (isOdd || (isParsedObject(config) && config.annotations !== undefined)) throw unsupported();
}

function readImageManifest(manifest: ParsedObject, mediaType: string, minimumLayers: number): ManifestFacts {
  const { schemaVersion } = manifest;
  const layers = readList(manifest.layers);
  if (schemaVersion !== 2) throw unsupported();
  if (layers.length > CHOICES.maximumLayersPerImage.value) {
    throw invalidParameter('ImageManifest', 'Limit on number of layers per image exceeded');
  }
  const config = readDescriptor(manifest.config);
  const blobs = [config, ...layers.map(readDescriptor)];
  if (layers.length < minimumLayers) {
    throw invalidParameter('ImageManifest', `Image has to have at least ${minimumLayers} layer`);
  }
  const artifactType = readArtifactType(manifest);
  return {
    mediaType,
    blobs: takeDistinct(blobs),
    manifests: [],
    artifactMediaType: config.mediaType === OCI_EMPTY && artifactType ? artifactType : config.mediaType,
    ...(artifactType !== undefined && { artifactType }),
    ...readSubject(manifest),
  };
}

function readIndex(index: ParsedObject, mediaType: string): ManifestFacts {
  const { schemaVersion } = index;
  const manifests = readList(index.manifests);
  if (schemaVersion !== 2) throw unsupported();
  const artifactType = readArtifactType(index);
  return {
    mediaType,
    blobs: [],
    manifests: takeDistinct(manifests.map(readDescriptor)).map((child) => child.digest),
    ...(artifactType !== undefined && { artifactType }),
    ...readSubject(index),
  };
}

/** Docker's schema 1 has no config, and no sizes of layers. */
function readSchema1(manifest: ParsedObject, mediaType: string): ManifestFacts {
  const { schemaVersion, fsLayers } = manifest;
  if (schemaVersion !== 1 || !Array.isArray(fsLayers)) throw unsupported();
  const blobs = fsLayers.map((layer: unknown): Reference => {
    const digest = isParsedObject(layer) ? layer.blobSum : undefined;
    if (!isBlobDigest(digest)) throw unsupported();
    return {
      digest,
      mediaType: 'application/vnd.docker.container.image.rootfs.diff+x-gtar',
      size: 0,
      foreign: false,
    };
  });
  return { mediaType, blobs: takeDistinct(blobs), manifests: [] };
}

function readSubject(manifest: ParsedObject): { subject?: BlobDigest } {
  return manifest.subject === undefined ? {} : { subject: readDescriptor(manifest.subject).digest };
}

function readDescriptor(value: unknown): Reference {
  if (!isParsedObject(value)) throw unsupported();
  const { digest, mediaType, size, urls } = value;
  if (!isBlobDigest(digest) || typeof mediaType !== 'string' || typeof size !== 'number') throw unsupported();
  if (mediaType.length > MAX_MEDIA_TYPE_CHARS) throw unsupported();
  if (!Number.isSafeInteger(size) || size < 0) throw unsupported();
  return { digest, mediaType, size, foreign: Array.isArray(urls) && urls.length > 0 };
}

/** Go writes an empty list as `null`. See `CHOICES.nullList`. */
function readList(value: unknown): readonly unknown[] {
  if (value === null) return [];
  if (!Array.isArray(value)) throw unsupported();
  return value;
}

/** An artifact type is a media type. */
function readArtifactType({ artifactType }: ParsedObject): string | undefined {
  if (typeof artifactType !== 'string' || artifactType === '') return undefined;
  if (artifactType.length > MAX_MEDIA_TYPE_CHARS) throw unsupported();
  return artifactType;
}

function takeDistinct(references: readonly Reference[]): readonly Reference[] {
  return [...new Map(references.map((reference) => [reference.digest, reference])).values()];
}

function unsupported() {
  return invalidParameter('ImageManifest', 'Invalid JSON syntax');
}
