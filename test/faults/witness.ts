import { expect } from 'vitest';
import { callApi } from '../support/call-api.ts';
import { makeRandomBytes } from '../support/images.ts';
import { describeManifest, descriptor, type SampleImage, sha256 } from '../support/push-by-hand.ts';
import { type Signer, sendSigned } from '../support/signed-request.ts';
import type { EmulatorProcess } from './emulator-process.ts';

export const REPOSITORY = 'team/app';
const PART_BYTES = 5 * 1024 * 1024;

/** A layer, described by its seed and size. */
interface Layer {
  readonly seed: string;
  readonly size: number;
}

interface Upload extends Layer {
  readonly uploadId: string;
  /** All bytes below were acknowledged. */
  nextByte: number;
  /** CompleteLayerUpload was sent. It may have succeeded without an answer. */
  isCompleting: boolean;
}

/** Pushes to an emulator, records every acknowledgement, and checks that all of it stays. */
export class Witness {
  readonly #uploads = new Map<string, Upload>();
  readonly #layers = new Map<string, Layer>();
  readonly #images = new Map<string, SampleImage>();
  readonly #onAcknowledged: () => void;

  /** @param onAcknowledged Called for every answer. */
  constructor(onAcknowledged: () => void) {
    this.#onAcknowledged = onAcknowledged;
  }

  /** Uploads a new layer. Puts an image of it and an existing layer, tagged with the seed. */
  async push(signer: Signer, seed: string, size: number): Promise<void> {
    const { uploadId = '' } = await callApi(signer, 'InitiateLayerUpload', { repositoryName: REPOSITORY });
    const upload = { uploadId, seed, size, nextByte: 0, isCompleting: false };
    this.#uploads.set(uploadId, upload);
    this.#onAcknowledged();
    await this.#finish(signer, upload);
    const [config, layer] = [{ seed, size }, [...this.#layers.values()][0]];
    const image = describeManifest({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: descriptor('application/vnd.oci.image.config.v1+json', makeBytes(config)),
      layers: layer === undefined ? [] : [descriptor('application/octet-stream', makeBytes(layer))],
    });
    const { imageManifest } = image;
    await callApi(signer, 'PutImage', { repositoryName: REPOSITORY, imageManifest, imageTag: seed });
    this.#images.set(seed, image);
    this.#onAcknowledged();
  }

  /** Expects everything acknowledged, byte for byte, and that uploads can be resumed. */
  async check(emulator: EmulatorProcess): Promise<void> {
    for (const upload of [...this.#uploads.values()]) await this.#resume(emulator, upload);
    for (const [digest, layer] of this.#layers) {
      const bytes = await download(emulator, `blobs/${digest}`);
      expect(bytes.equals(makeBytes(layer)), `bytes of ${digest}`).toBe(true);
    }
    for (const [tag, { imageManifest }] of this.#images) {
      expect(String(await download(emulator, `manifests/${tag}`))).toBe(imageManifest);
    }
    await checkWhole(emulator);
  }

  async #finish(signer: Signer, upload: Upload): Promise<void> {
    const { uploadId, size } = upload;
    const bytes = makeBytes(upload);
    while (upload.nextByte < size) {
      const part = bytes.subarray(upload.nextByte, upload.nextByte + PART_BYTES);
      const { lastByteReceived = Number.NaN } = await callApi(signer, 'UploadLayerPart', {
        repositoryName: REPOSITORY,
        uploadId,
        partFirstByte: upload.nextByte,
        partLastByte: upload.nextByte + part.length - 1,
        layerPartBlob: part.toString('base64'),
      });
      upload.nextByte = lastByteReceived + 1;
      this.#onAcknowledged();
    }
    upload.isCompleting = true;
    const layerDigests = [sha256(bytes)];
    await callApi(signer, 'CompleteLayerUpload', { repositoryName: REPOSITORY, uploadId, layerDigests });
    this.#uploads.delete(uploadId);
    this.#layers.set(sha256(bytes), { seed: upload.seed, size });
    this.#onAcknowledged();
  }

  /** Finds the position of an upload with a part at an impossible offset. It must not be below the acknowledged bytes. */
  async #resume(signer: Signer, upload: Upload): Promise<void> {
    const impossible = {
      partFirstByte: upload.size + 1,
      partLastByte: upload.size + 1,
      layerPartBlob: 'AA==',
    };
    const body = JSON.stringify({ repositoryName: REPOSITORY, uploadId: upload.uploadId, ...impossible });
    const error: Record<string, unknown> = JSON.parse(
      (await sendSigned(signer, { operation: 'UploadLayerPart', body })).text,
    );
    if (error.__type === 'UploadNotFoundException' && upload.isCompleting) {
      this.#uploads.delete(upload.uploadId);
      this.#layers.set(sha256(makeBytes(upload)), upload);
      return;
    }
    expect(error.__type).toBe('InvalidLayerPartException');
    const nextByte = Number(error.lastValidByteReceived ?? -1) + 1;
    expect(nextByte).toBeGreaterThanOrEqual(upload.nextByte);
    upload.nextByte = nextByte;
    await this.#finish(signer, upload);
  }
}

/** Expects that every listed image can be pulled, acknowledged or not. */
async function checkWhole(emulator: EmulatorProcess): Promise<void> {
  const blobs = new Set<string>();
  let nextToken: string | undefined;
  do {
    const page = await callApi(emulator, 'DescribeImages', { repositoryName: REPOSITORY, nextToken });
    for (const { imageDigest = '' } of page.imageDetails ?? []) {
      const manifest = await download(emulator, `manifests/${imageDigest}`);
      expect(sha256(manifest)).toBe(imageDigest);
      for (const [digest] of String(manifest).matchAll(/sha256:[0-9a-f]{64}/g)) blobs.add(digest);
    }
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  for (const digest of blobs) expect(sha256(await download(emulator, `blobs/${digest}`))).toBe(digest);
}

async function download({ url, registryAlias }: EmulatorProcess, path: string): Promise<Buffer> {
  const answer: unknown = await (await fetch(`${url}/token/`)).json();
  const authorization = `Bearer ${Object(answer).token}`;
  const response = await fetch(`${url}/v2/${registryAlias}/${REPOSITORY}/${path}`, {
    headers: { authorization },
  });
  expect(response.status, path).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}

function makeBytes({ seed, size }: Layer): Buffer {
  return makeRandomBytes(seed, size);
}
