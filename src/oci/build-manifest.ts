import type { Content, Descriptor } from './descriptor.ts';
import { type Digest, digestOf } from './digest.ts';
import {
  DOCKER_CONFIG,
  DOCKER_FOREIGN_LAYER_GZIP,
  DOCKER_LAYER,
  DOCKER_LAYER_GZIP,
  DOCKER_LAYER_ZSTD,
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_FOREIGN_LAYER_GZIP,
  OCI_LAYER,
  OCI_LAYER_GZIP,
  OCI_LAYER_ZSTD,
  OCI_MANIFEST,
} from './media-types.ts';

/** Family of media types that a manifest uses. */
export type ManifestFormat = 'docker' | 'oci';

/** Layer of a manifest to build; `compression` decides its media type. */
export interface BuiltLayer extends Content {
  readonly compression: 'none' | 'gzip' | 'zstd';
}

/** Layer that clients fetch from these URLs. It is gzipped, as in all that Microsoft has published. */
export interface ForeignLayer extends Content {
  readonly urls: readonly string[];
}

export interface BuiltManifest {
  readonly bytes: Buffer;
  readonly mediaType: string;
  readonly digest: Digest;
}

const types = {
  docker: {
    manifest: DOCKER_MANIFEST,
    config: DOCKER_CONFIG,
    layers: { none: DOCKER_LAYER, gzip: DOCKER_LAYER_GZIP, zstd: DOCKER_LAYER_ZSTD },
    foreign: DOCKER_FOREIGN_LAYER_GZIP,
  },
  oci: {
    manifest: OCI_MANIFEST,
    config: OCI_CONFIG,
    layers: { none: OCI_LAYER, gzip: OCI_LAYER_GZIP, zstd: OCI_LAYER_ZSTD },
    foreign: OCI_FOREIGN_LAYER_GZIP,
  },
} as const;

/**
 * Builds the manifest of an image that has none, from its config and its layers, lowest first. The bytes depend on the arguments
 * alone.
 *
 * Docker's form is the one that `docker push` writes: indented by three spaces, members in the order mediaType, size, digest. So the
 * same blobs give the same digest as there. OCI's form is compact, in the order of the specification, like that of skopeo and buildah.
 */
export function buildManifest(
  format: ManifestFormat,
  config: Content,
  layers: readonly (BuiltLayer | ForeignLayer)[],
): BuiltManifest {
  const { manifest: mediaType, config: configType, layers: layerTypes, foreign } = types[format];
  const order = format === 'docker' ? orderAsDocker : orderAsOci;
  const document = {
    schemaVersion: 2,
    mediaType,
    config: order({ mediaType: configType, ...pickContent(config) }),
    layers: layers.map((layer) =>
      'urls' in layer
        ? { ...order({ mediaType: foreign, ...pickContent(layer) }), urls: layer.urls }
        : order({ mediaType: layerTypes[layer.compression], ...pickContent(layer) }),
    ),
  };
  const bytes = Buffer.from(JSON.stringify(document, undefined, format === 'docker' ? 3 : undefined));
  return { bytes, mediaType, digest: digestOf(bytes) };
}

function pickContent({ digest, size }: Content): Content {
  return { digest, size };
}

function orderAsDocker({ mediaType, size, digest }: Descriptor): Descriptor {
  return { mediaType, size, digest };
}

function orderAsOci({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}
