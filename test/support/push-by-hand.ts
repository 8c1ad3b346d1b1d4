import { createHash } from 'node:crypto';
import { callApi } from './call-api.ts';
import type { Signer } from './signed-request.ts';

/** Computes the digest of the bytes. */
export function sha256(bytes: Buffer | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Uploads a blob by the API, call by call. Returns its digest. */
export async function uploadBlob(signer: Signer, repositoryName: string, bytes: Buffer): Promise<string> {
  const { uploadId, partSize = bytes.length } = await callApi(signer, 'InitiateLayerUpload', {
    repositoryName,
  });
  for (let start = 0; start < bytes.length; start += partSize) {
    const part = bytes.subarray(start, start + partSize);
    await callApi(signer, 'UploadLayerPart', {
      repositoryName,
      uploadId,
      partFirstByte: start,
      partLastByte: start + part.length - 1,
      layerPartBlob: part.toString('base64'),
    });
  }
  const { layerDigest } = await callApi(signer, 'CompleteLayerUpload', {
    repositoryName,
    uploadId,
    layerDigests: [sha256(bytes)],
  });
  return layerDigest ?? '';
}

export interface SampleImage {
  readonly imageManifest: string;
  readonly imageDigest: string;
}

/** Uploads the blobs of an image with one layer. Returns the manifest, which is not put yet. */
export async function uploadImage(
  signer: Signer,
  repositoryName: string,
  name: string,
): Promise<SampleImage> {
  const config = Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', name }));
  const layer = Buffer.from(`layer of ${name}`);
  await uploadBlob(signer, repositoryName, config);
  await uploadBlob(signer, repositoryName, layer);
  return describeManifest({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: descriptor('application/vnd.oci.image.config.v1+json', config),
    layers: [descriptor('application/vnd.oci.image.layer.v1.tar+gzip', layer)],
  });
}

export function describeIndex(children: readonly SampleImage[]): SampleImage {
  return describeManifest({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: children.map(({ imageManifest }) =>
      descriptor('application/vnd.oci.image.manifest.v1+json', Buffer.from(imageManifest)),
    ),
  });
}

export function describeManifest(manifest: object): SampleImage {
  const imageManifest = JSON.stringify(manifest);
  return { imageManifest, imageDigest: sha256(imageManifest) };
}

export function descriptor(mediaType: string, bytes: Buffer) {
  return { mediaType, digest: sha256(bytes), size: bytes.length };
}
