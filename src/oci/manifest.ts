import type { EcrpError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import {
  type Descriptor,
  parseAnnotations,
  parseArtifactType,
  parseDescriptor,
  parseDescriptors,
} from './descriptor.ts';
import { digestOf } from './digest.ts';
import { describeValue, expectObject, invalidInput, isPresent, nameSubject, parseJson } from './json.ts';
import { isIndex, isManifest, isRetiredArtifact, isSchema1 } from './media-types.ts';

/** Longest manifest that registries accept, in bytes. ECR Public's `ImageManifest` has the same limit. */
export const MAX_MANIFEST_BYTES = 4_194_304;

/** Deepest nesting of indexes accepted. Real ones nest once; the specification sets no limit. */
export const MAX_INDEX_DEPTH = 8;

interface ManifestCommon {
  readonly mediaType: string;
  readonly subject?: Descriptor;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An image manifest, OCI or Docker schema 2. */
export interface ImageManifest extends ManifestCommon {
  readonly kind: 'image';
  readonly config: Descriptor;
  /** Lowest layer first. */
  readonly layers: readonly Descriptor[];
}

/** An image index, or Docker's manifest list. */
export interface ImageIndex extends ManifestCommon {
  readonly kind: 'index';
  readonly manifests: readonly Descriptor[];
}

/** Docker 26 and containerd 2 stopped to pull it (moby/moby#47459). */
function refuseSchema1(subject: string): EcrpError {
  return invalidInput(subject, "it is in Docker's old format, schema 1, which clients no longer pull", {
    hint: 'Copy the image from its registry with a tool that converts it: skopeo copy docker://NAME:TAG oci-archive:image.tar',
  });
}

/**
 * Parses an untrusted manifest or index. Throws INVALID_INPUT that names its digest and the wrong member.
 * @param mediaType As its descriptor has it.
 * @param origin Named in the message, e.g. the path of the archive.
 */
export function parseManifest(bytes: Buffer, mediaType: string, origin?: string): ImageManifest | ImageIndex {
  const kind = isIndex(mediaType) ? 'index' : 'manifest';
  const subject = nameSubject(`${kind} ${digestOf(bytes)}`, origin);
  if (isRetiredArtifact(mediaType)) {
    throw invalidInput(subject, `${mediaType} is a retired kind of artifact, which registries refuse`, {
      hint: 'Make the artifact again with a current version of its tool: oras 1.1 or later.',
    });
  }
  if (!isIndex(mediaType) && !isManifest(mediaType)) {
    if (isSchema1(mediaType)) throw refuseSchema1(subject);
    throw invalidInput(
      subject,
      `media type ${describeValue(mediaType)} is not that of an image manifest or index`,
    );
  }
  const object = expectObject(parseJson(bytes, subject, MAX_MANIFEST_BYTES), subject, 'the document');
  if (object.schemaVersion === 1) throw refuseSchema1(subject);
  if (isPresent(object.mediaType) && object.mediaType !== mediaType) {
    const found = describeValue(object.mediaType);
    throw invalidInput(subject, `mediaType is ${found}, but its descriptor says ${mediaType}`);
  }
  return isIndex(mediaType)
    ? parseIndexObject(object, mediaType, subject)
    : parseImageObject(object, mediaType, subject);
}

/** Parses the members of an index. A layout's `index.json` may lack the media type. */
export function parseIndexObject(object: JsonObject, mediaType: string, subject: string): ImageIndex {
  // Readers disagree on a document that is both (CVE-2021-41190).
  if (isPresent(object.config) || isPresent(object.layers)) {
    throw invalidInput(subject, 'it has the members of a manifest (config, layers) as well as of an index');
  }
  return {
    kind: 'index',
    ...parseCommon(object, mediaType, subject),
    // Go writes `null` for an empty list.
    manifests: object.manifests === null ? [] : parseDescriptors(object.manifests, subject, 'manifests'),
  };
}

function parseImageObject(object: JsonObject, mediaType: string, subject: string): ImageManifest {
  if (isPresent(object.manifests) || isPresent(object.fsLayers)) {
    throw invalidInput(subject, 'it has the members of another kind (manifests, fsLayers) as well');
  }
  return {
    kind: 'image',
    ...parseCommon(object, mediaType, subject),
    config: parseDescriptor(object.config, subject, 'config'),
    layers: object.layers === null ? [] : parseDescriptors(object.layers, subject, 'layers'),
  };
}

function parseCommon(object: JsonObject, mediaType: string, subject: string): ManifestCommon {
  if (object.schemaVersion !== 2) {
    throw invalidInput(subject, `schemaVersion is ${describeValue(object.schemaVersion)}, not 2`);
  }
  return {
    mediaType,
    ...parseArtifactType(object.artifactType, subject, 'artifactType'),
    ...(isPresent(object.subject) && { subject: parseDescriptor(object.subject, subject, 'subject') }),
    ...(isPresent(object.annotations) && {
      annotations: parseAnnotations(object.annotations, subject, 'annotations'),
    }),
  };
}
