import { CHOICES } from '../../src/emulator/choices.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { type LiveService, read } from './live-service.ts';
import { outcomeOf, type Question, reasonOf, textOf } from './question.ts';
import {
  describeBlob,
  INDEX_TYPE,
  MANIFEST_TYPE,
  putArtifact,
  putImage,
  uploadImage,
} from './sample-images.ts';

/** Uploads an image, and puts it with a changed manifest. */
async function putChanged(service: LiveService, ...change: Parameters<typeof uploadImage>[1][]) {
  const image = await uploadImage(service, ...change);
  return { image, answer: await service.ask('PutImage', { imageManifest: image.text }) };
}

/** Questions about images and their manifests. */
export const IMAGE_QUESTIONS = {
  mediaTypeDisagreesReason: async (service) => {
    const image = await uploadImage(service);
    const answer = await service.ask('PutImage', {
      imageManifest: image.text,
      imageManifestMediaType: INDEX_TYPE,
    });
    return { observed: reasonOf(answer) };
  },
  imageDigestDoesNotMatchText: async (service) => {
    const image = await uploadImage(service);
    const imageDigest = digestOf('another manifest');
    const answer = await service.ask('PutImage', { imageManifest: image.text, imageDigest });
    return {
      observed: textOf(answer, 'ImageDigestDoesNotMatchException'),
      expected: CHOICES.imageDigestDoesNotMatchText.value(
        imageDigest,
        service.repositoryName,
        service.registryId,
      ),
    };
  },
  minimumLayersPerImage: async (service) => {
    const { answer } = await putChanged(service, () => ({ layers: [] }));
    return { observed: answer.code === undefined ? 0 : 1 };
  },
  maximumLayersPerImage: async (service) => {
    const { value } = CHOICES.maximumLayersPerImage;
    const repeat = (count: number) =>
      putChanged(service, ({ manifest }) => ({
        layers: Array.from({ length: count }, () => read(manifest, 'layers', 0)),
      }));
    if ((await repeat(value)).answer.code !== undefined) return { observed: `less than ${value}` };
    return { observed: (await repeat(value + 1)).answer.code === undefined ? `more than ${value}` : value };
  },
  nullList: async (service) => {
    const index = { schemaVersion: 2, mediaType: INDEX_TYPE, manifests: null };
    const answer = await service.ask('PutImage', { imageManifest: JSON.stringify(index) });
    return { observed: answer.code === undefined ? CHOICES.nullList.value : outcomeOf(answer) };
  },
  artifactsWithSubject: async (service) => ({ observed: outcomeOf((await putArtifact(service)).answer) }),
  oddArtifactMembers: async (service) => {
    // One question for both: each alone is refused by private ECR.
    const { answer } = await putArtifact(service, { artifactType: 'application/vnd.example+json;version=1' });
    return { observed: outcomeOf(answer) };
  },
  missingSubject: async (service) => {
    const subject = { mediaType: MANIFEST_TYPE, digest: digestOf('no manifest'), size: 11 };
    const { answer } = await putChanged(service, () => ({ subject }));
    return { observed: outcomeOf(answer) };
  },
  foreignLayers: async (service) => {
    const { answer } = await putChanged(service, ({ manifest }) => {
      const bytes = Buffer.from('a layer that nobody uploads');
      const foreign = {
        ...describeBlob('application/vnd.oci.image.layer.nondistributable.v1.tar+gzip', bytes),
        urls: ['https://example.com/layer'],
      };
      return { layers: [foreign, read(manifest, 'layers', 0)] };
    });
    return { observed: answer.code === undefined ? CHOICES.foreignLayers.value : outcomeOf(answer) };
  },
  tagOfUntagged: async ({ ask }) => {
    const answer = await ask('DescribeImages', { imageIds: [{ imageDigest: digestOf('no image') }] });
    const [, word] = /imageTag:'([^']*)'/.exec(answer.message) ?? [];
    return { observed: word ?? outcomeOf(answer) };
  },
  imagePushedAt: async (service) => {
    const image = await putImage(service, 'pushed-at');
    const readTime = async () => {
      const imageIds = [{ imageDigest: image.digest }];
      return read(await service.must('DescribeImages', { imageIds }), 'imageDetails', 0, 'imagePushedAt');
    };
    const first = await readTime();
    // Times have whole seconds.
    await service.pause(2_000);
    await service.must('PutImage', { imageManifest: image.text, imageTag: 'pushed-at-again' });
    const isFirst = (await readTime()) === first;
    return { observed: isFirst ? CHOICES.imagePushedAt.value : CHOICES.imagePushedAt.alternative };
  },
  imageSizeInBytes: async (service) => {
    const { config, layer, digest } = await putImage(service);
    const output = await service.must('DescribeImages', { imageIds: [{ imageDigest: digest }] });
    const size = read(output, 'imageDetails', 0, 'imageSizeInBytes');
    const sums = new Map([
      [config.length + layer.length, CHOICES.imageSizeInBytes.value],
      [layer.length, CHOICES.imageSizeInBytes.alternative],
    ]);
    const unknown = `${size} bytes for a config of ${config.length} and a layer of ${layer.length}`;
    return { observed: sums.get(Number(size)) ?? unknown };
  },
  imageOrder: async (service) => {
    const pushed: string[] = [];
    for (let image = 0; image < 4; image += 1) pushed.push((await putImage(service)).digest);
    const details = read(await service.must('DescribeImages', { maxResults: 1000 }), 'imageDetails');
    const listed = Array.isArray(details) ? details.map((image) => String(read(image, 'imageDigest'))) : [];
    const order = listed.filter((digest) => pushed.includes(digest));
    const isPushOrder = order.join() === pushed.join();
    return { observed: isPushOrder ? CHOICES.imageOrder.value : CHOICES.imageOrder.alternative };
  },
  deleteByTagAndDigest: async (service) => {
    const image = await putImage(service, 'both-1');
    await service.must('PutImage', { imageManifest: image.text, imageTag: 'both-2' });
    await service.must('BatchDeleteImage', { imageIds: [{ imageDigest: image.digest, imageTag: 'both-1' }] });
    const { code } = await service.ask('DescribeImages', { imageIds: [{ imageTag: 'both-2' }] });
    const { value, alternative } = CHOICES.deleteByTagAndDigest;
    return { observed: code === undefined ? value : alternative };
  },
  tagDoesNotMatchDigestReason: async (service) => {
    await putImage(service, 'matching');
    const imageIds = [{ imageTag: 'matching', imageDigest: (await putImage(service)).digest }];
    const output = await service.must('BatchDeleteImage', { imageIds });
    return { observed: String(read(output, 'failures', 0, 'failureReason')) };
  },
  invalidImageTagReason: async (service) => {
    const output = await service.must('BatchDeleteImage', { imageIds: [{ imageTag: 'no tag' }] });
    return { observed: String(read(output, 'failures', 0, 'failureReason')) };
  },
  layersOfDeletedImage: async (service) => {
    const { layer, digest } = await putImage(service);
    await service.must('BatchDeleteImage', { imageIds: [{ imageDigest: digest }] });
    const output = await service.must('BatchCheckLayerAvailability', { layerDigests: [digestOf(layer)] });
    const stays = read(output, 'layers', 0, 'layerAvailability') === 'AVAILABLE';
    const { value, alternative } = CHOICES.layersOfDeletedImage;
    return { observed: stays ? alternative : value };
  },
} as const satisfies Readonly<Record<string, Question>>;
