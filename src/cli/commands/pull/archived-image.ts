import type { ImageSource } from '../../../ends/image-source.ts';
import { EcrpError } from '../../../errors.ts';
import { quoteText } from '../../../foreign-text.ts';
import { isImageConfig, parseConfig } from '../../../oci/config.ts';
import type { Digest } from '../../../oci/digest.ts';
import { type ImageManifest, parseManifest } from '../../../oci/manifest.ts';
import type { SelectedImage } from '../../../source/select-images.ts';
import { readBlob } from '../../../source/source-blobs.ts';
import type { ArchivedImage } from '../../../target/docker-archive.ts';
import type { PackedLayer } from '../../../target/unpack-layer.ts';

const AS_OCI = 'Pull it into a directory, or into a .tar with --format oci.';

/**
 * Reads what a docker-archive says of an image. Throws INVALID_INPUT for an artifact, and for an image whose layers are not all in the registry or
 * do not match its config.
 */
export async function readArchivedImage(
  { source, image }: SelectedImage,
  names: readonly string[],
): Promise<ArchivedImage> {
  if (image.kind !== 'manifest') throw new TypeError('a registry source without a manifest');
  const manifest = parseManifest(await readBlob(source, image.root), image.root.mediaType, source.path);
  if (manifest.kind === 'index') throw new TypeError('an index where one image was selected');
  const { config } = manifest;
  if (!isImageConfig(config.mediaType)) {
    const type = manifest.artifactType ?? config.mediaType;
    throw refuse(source.path, `an artifact (${quoteText(type)}), and a docker-archive holds images only`);
  }
  const bytes = await readBlob(source, config);
  const { diffIds } = parseConfig(bytes, source.path);
  return {
    config: bytes,
    configDigest: config.digest,
    layers: matchLayers(source, manifest, diffIds),
    names,
  };
}

function matchLayers(
  source: ImageSource,
  { layers }: ImageManifest,
  diffIds: readonly Digest[],
): readonly PackedLayer[] {
  const { path } = source;
  if (layers.length !== diffIds.length) {
    throw refuse(path, `the manifest lists ${layers.length} layers, but its config ${diffIds.length}`);
  }
  const known = new Map<Digest, Digest>();
  return layers.map(({ digest, size }, position) => {
    const diffId = diffIds[position] ?? digest;
    if ((known.get(digest) ?? diffId) !== diffId) {
      throw refuse(path, `its config states two diff IDs for the layer ${digest}`);
    }
    known.set(digest, diffId);
    if (!source.has({ kind: 'digest', digest, size })) {
      throw refuse(
        path,
        `the layer ${digest} is not in the registry, but with its publisher, and a docker-archive holds all layers`,
      );
    }
    return { digest, size, diffId };
  });
}

function refuse(path: string, problem: string): EcrpError {
  return new EcrpError('INVALID_INPUT', `${path}: ${problem}`, { hint: AS_OCI });
}
