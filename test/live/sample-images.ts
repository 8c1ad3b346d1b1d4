import { randomUUID } from 'node:crypto';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { type LiveAnswer, type LiveService, read } from './live-service.ts';

export const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';
export const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json';
const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json';
const LAYER_TYPE = 'application/vnd.oci.image.layer.v1.tar+gzip';

/** Blobs and manifest of an image that no other run has. */
export interface SampleImage {
  readonly config: Buffer;
  readonly layer: Buffer;
  readonly manifest: Readonly<Record<string, unknown>>;
}

/** Bytes that are in no repository yet. */
export function makeBytes(): Buffer {
  return Buffer.from(`ecrp ${randomUUID()}`);
}

export function describeBlob(mediaType: string, bytes: Buffer) {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

/** Starts an upload. Returns its ID. */
export async function startUpload(service: LiveService): Promise<string> {
  return String(read(await service.must('InitiateLayerUpload', {}), 'uploadId'));
}

/** Sends bytes as one part that begins at `first`. */
export function sendPart(
  service: LiveService,
  uploadId: string,
  bytes: Buffer,
  first = 0,
): Promise<LiveAnswer> {
  return service.ask('UploadLayerPart', {
    uploadId,
    partFirstByte: first,
    partLastByte: first + bytes.length - 1,
    layerPartBlob: bytes.toString('base64'),
  });
}

/** Uploads a blob of at most one part. Returns the answer to CompleteLayerUpload. */
export async function uploadBlob(service: LiveService, bytes: Buffer): Promise<LiveAnswer> {
  const uploadId = await startUpload(service);
  const { code, message } = await sendPart(service, uploadId, bytes);
  if (code !== undefined) throw new Error(`UploadLayerPart: ${code}: ${message}`);
  return service.ask('CompleteLayerUpload', { uploadId, layerDigests: [digestOf(bytes)] });
}

/** Uploads config and layer of a new image. `change` replaces members of its manifest, which is not put yet. */
export async function uploadImage(
  service: LiveService,
  change: (image: SampleImage) => object = () => ({}),
): Promise<SampleImage & { readonly text: string; readonly digest: Digest }> {
  const config = Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', name: randomUUID() }));
  const layer = makeBytes();
  for (const bytes of [config, layer]) {
    const { code, message } = await uploadBlob(service, bytes);
    if (code !== undefined) throw new Error(`CompleteLayerUpload: ${code}: ${message}`);
  }
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config: describeBlob(CONFIG_TYPE, config),
    layers: [describeBlob(LAYER_TYPE, layer)],
  };
  const image = { config, layer, manifest };
  const changed = { ...manifest, ...change(image) };
  const text = JSON.stringify(changed);
  return { ...image, manifest: changed, text, digest: digestOf(text) };
}

/** Uploads and puts a new image. Throws unless the service takes it. */
export async function putImage(service: LiveService, imageTag?: string) {
  const image = await uploadImage(service);
  await service.must('PutImage', { imageManifest: image.text, ...(imageTag && { imageTag }) });
  return image;
}

const EMPTY = Buffer.from('{}');

/** Uploads an artifact with an empty config about an image. `change`: members of the manifest that are different. */
export async function putArtifact(service: LiveService, change: object = {}) {
  const image = await putImage(service);
  const content = makeBytes();
  await uploadBlob(service, EMPTY);
  await uploadBlob(service, content);
  const imageManifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    artifactType: 'application/vnd.example.note',
    config: describeBlob('application/vnd.oci.empty.v1+json', EMPTY),
    layers: [describeBlob('text/plain', content)],
    subject: describeBlob(MANIFEST_TYPE, Buffer.from(image.text)),
    ...change,
  });
  return { image, imageManifest, answer: await service.ask('PutImage', { imageManifest }) };
}
