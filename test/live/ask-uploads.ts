import { randomUUID } from 'node:crypto';
import { CHOICES } from '../../src/emulator/choices.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { MAX_PART_BYTES, PART_BYTES } from '../../src/wire/limits.ts';
import { read } from './live-service.ts';
import { outcomeOf, type Question, textOf } from './question.ts';
import { makeBytes, sendPart, startUpload, uploadBlob } from './sample-images.ts';

/** Questions about layer uploads. */
export const UPLOAD_QUESTIONS = {
  partBytes: async ({ must }) => ({
    observed: Number(read(await must('InitiateLayerUpload', {}), 'partSize')),
  }),
  maximumPartBytes: async (service) => {
    const uploadId = await startUpload(service);
    const { code } = await sendPart(service, uploadId, Buffer.alloc(PART_BYTES + 1));
    return { observed: code === undefined ? MAX_PART_BYTES : PART_BYTES };
  },
  partWithoutBytes: async (service) => {
    const uploadId = await startUpload(service);
    const part = { uploadId, partFirstByte: 0, partLastByte: 0, layerPartBlob: '' };
    return { observed: (await service.ask('UploadLayerPart', part)).code ?? 'accepted' };
  },
  partSizeText: async (service) => {
    const uploadId = await startUpload(service);
    const part = { uploadId, partFirstByte: 0, partLastByte: 9, layerPartBlob: 'YQ==' };
    const answer = await service.ask('UploadLayerPart', part);
    return {
      observed: textOf(answer, 'InvalidLayerPartException'),
      expected: CHOICES.partSizeText.value(1, 0, 9),
    };
  },
  lastValidByteBeforeFirstPart: async (service) => {
    const answer = await sendPart(service, await startUpload(service), makeBytes(), 5);
    if (answer.code !== 'InvalidLayerPartException') return { observed: outcomeOf(answer) };
    const { lastValidByteReceived = 'left out' } = answer.output;
    return { observed: String(lastValidByteReceived) };
  },
  uploadAfterFailedComplete: async (service) => {
    const bytes = makeBytes();
    const uploadId = await startUpload(service);
    await sendPart(service, uploadId, bytes);
    await service.ask('CompleteLayerUpload', { uploadId, layerDigests: [digestOf('other bytes')] });
    const answer = await service.ask('CompleteLayerUpload', { uploadId, layerDigests: [digestOf(bytes)] });
    return { observed: answer.code === undefined ? 'stays as it is' : outcomeOf(answer) };
  },
  uploadNotFoundText: async ({ ask, repositoryName, registryId }) => {
    const uploadId = randomUUID();
    const answer = await ask('CompleteLayerUpload', { uploadId, layerDigests: [digestOf('none')] });
    return {
      observed: textOf(answer, 'UploadNotFoundException'),
      expected: CHOICES.uploadNotFoundText.value(uploadId, repositoryName, registryId),
    };
  },
  layerAlreadyExistsText: async (service) => {
    const bytes = makeBytes();
    await uploadBlob(service, bytes);
    const { repositoryName, registryId } = service;
    return {
      observed: textOf(await uploadBlob(service, bytes), 'LayerAlreadyExistsException'),
      expected: CHOICES.layerAlreadyExistsText.value(digestOf(bytes), repositoryName, registryId),
    };
  },
  layerMediaTypeBeforeImage: async (service) => {
    const bytes = makeBytes();
    await uploadBlob(service, bytes);
    const output = await service.must('BatchCheckLayerAvailability', { layerDigests: [digestOf(bytes)] });
    return { observed: String(read(output, 'layers', 0, 'mediaType') ?? 'left out') };
  },
} as const satisfies Readonly<Record<string, Question>>;
