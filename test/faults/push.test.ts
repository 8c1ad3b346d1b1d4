import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ApiEvent } from '../../src/ecr/api-call.ts';
import { ECR_PUBLIC_LIMITS } from '../../src/ecr/limits.ts';
import { createEcrClient } from '../../src/ecr/public/client.ts';
import { connectPush } from '../../src/ecr/push.ts';
import { createRepository } from '../../src/ecr/repositories.ts';
import type { ImageSource } from '../../src/ends/image-source.ts';
import { planPush } from '../../src/engine/plan/plan.ts';
import type { PushPlan } from '../../src/engine/plan/push-plan.ts';
import { EcrpError } from '../../src/errors.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { requestRegistry } from '../../src/registry/client.ts';
import { readBytes } from '../../src/registry/read-answer.ts';
import { resolveTag } from '../../src/registry/registry-reader.ts';
import { openSource } from '../../src/source/open-source.ts';
import { directConnections } from '../support/connections.ts';
import { setFaults, startTestEmulator, type TestEmulator } from '../support/emulator.ts';
import { writeOciLayout } from '../support/image-writers.ts';
import { type GeneratedImage, makeImage } from '../support/images.ts';
import { pushWith } from '../support/push-with.ts';
import { useTemporaryDirectories } from '../support/temporary-directory.ts';

const MIB = 1024 * 1024;
const repositoryName = 'team/app';
const makeDirectory = useTemporaryDirectories();
const signal = new AbortController().signal;

/** Three layers, one of several parts. */
let image: GeneratedImage;
let content: Map<string, Buffer>;
beforeAll(async () => {
  image = await makeImage({ seed: 77, layers: [{ size: 6 * MIB }, { size: 5000 }, { size: 10 }] });
  content = new Map([
    [digestOf(image.config), image.config],
    ...image.layers.map((layer) => [layer.descriptor.digest, layer.bytes] as const),
  ]);
});

interface Place {
  readonly emulator: TestEmulator;
  readonly source: ImageSource;
  readonly plan: PushPlan;
}

const places: Place[] = [];
afterEach(async () => {
  await Promise.all(
    places.splice(0).map(async ({ source, emulator }) => {
      await source.close();
      await emulator.close();
    }),
  );
});

async function prepare(faults: readonly string[]): Promise<Place> {
  const directory = join(await makeDirectory(), 'layout');
  await writeOciLayout(directory, [image]);
  const emulator = await startTestEmulator({ faults });
  const source = await openSource(directory, { temporaryDirectory: directory });
  const [first] = source.images;
  if (!first) throw new Error('no image');
  const place = { emulator, source, plan: await planPush(source, first, { limits: ECR_PUBLIC_LIMITS }) };
  places.push(place);
  return place;
}

async function push({ emulator, plan }: Place) {
  const events: ApiEvent[] = [];
  const client = createEcrClient({
    endpointUrl: emulator.url,
    env: emulator.env,
    onEvent: (event) => events.push(event),
  });
  try {
    const result = await pushWith(plan, {
      service: connectPush(client, { repositoryName }),
      partBytes: 5 * MIB,
      tags: ['1.0', 'latest'],
      signal,
      createRepository: async (inner) => {
        await createRepository(client, { repositoryName }, inner);
        return true;
      },
    });
    return { result, retries: events.filter((event) => event.kind === 'retry').length };
  } finally {
    client.close();
  }
}

/** Expects that a client pulls the pushed image, byte for byte. */
async function expectWhole({ emulator }: Place): Promise<void> {
  const { registryHost, registryAlias } = emulator;
  const read = async (path: string): Promise<Buffer> => {
    const url = new URL(`http://${registryHost}/v2/${registryAlias}/${repositoryName}/${path}`);
    return readBytes(await requestRegistry(directConnections, url, {}, signal), 20 * MIB);
  };
  for (const imageTag of ['1.0', 'latest']) {
    const address = { registryHost, repositoryPath: `${registryAlias}/${repositoryName}`, imageTag };
    expect(await resolveTag(directConnections, address, signal)).toBe(image.descriptor.digest);
  }
  expect((await read('manifests/1.0')).equals(image.manifest)).toBe(true);
  for (const [digest, bytes] of content) expect((await read(`blobs/${digest}`)).equals(bytes)).toBe(true);
}

// Uploads: 4 blobs with 2, 1, 1 and 1 parts.
describe('a fault that passes', () => {
  test.each([
    'BatchCheckLayerAvailability error ServerException on=1',
    'BatchCheckLayerAvailability html-503 on=1',
    'CreateRepository reset-after on=1',
    'CreateRepository reset-before on=1',
    'InitiateLayerUpload throttle every=2',
    'InitiateLayerUpload reset-after on=1',
    'UploadLayerPart reset-before every=2',
    'UploadLayerPart reset-after every=2',
    'UploadLayerPart reset-after on=1',
    'UploadLayerPart html-503 every=3',
    'UploadLayerPart error ServerException every=2',
    'UploadLayerPart error UploadNotFoundException on=2',
    'UploadLayerPart delay 300',
    'CompleteLayerUpload error ServerException every=2',
    'CompleteLayerUpload reset-after every=2',
    // A lie: PutImage does not find the layer, and the push sends it again.
    'CompleteLayerUpload error LayerAlreadyExistsException on=2',
    'CompleteLayerUpload error UploadNotFoundException on=2',
    'PutImage reset-after on=1',
    'PutImage reset-before on=1',
    'PutImage throttle on=2',
    'PutImage error ServerException on=1',
    '* reset-after p=0.2 seed=7',
    '* reset-before p=0.2 seed=8',
    '* html-503 p=0.2 seed=9',
  ])('%s', async (rule) => {
    const place = await prepare([rule]);
    const { result } = await push(place);
    await expectWhole(place);
    expect(result.layers.uploaded + result.layers.existing).toBe(4);
    // True even if the answer was lost.
    expect(result.tags.map((tag) => tag.status)).toEqual(['put', 'put']);
    expect((await push(place)).result.layers.existing).toBe(4);
  });
});

describe('a fault that stays', () => {
  test.each([
    ['UploadLayerPart error AccessDeniedException on=2', 'AUTH'],
    ['CompleteLayerUpload error LimitExceededException on=1', 'LIMIT'],
    ['PutImage error InvalidParameterException on=1', 'INVALID_INPUT'],
    ['UploadLayerPart expired-token every=1', 'AUTH'],
  ])('%s is %s, and no tag points anywhere', async (rule, code) => {
    const place = await prepare([rule]);
    const failure = await push(place).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(EcrpError);
    expect(failure).toMatchObject({ code, operation: rule.split(' ')[0] });
    const { registryHost, registryAlias } = place.emulator;
    const repositoryPath = `${registryAlias}/${repositoryName}`;
    const address = { registryHost, repositoryPath, imageTag: '1.0' };
    expect(await resolveTag(directConnections, address, signal)).toBeUndefined();
  });
});

describe('a service that lies', () => {
  test.each([
    ['CompleteLayerUpload wrong-digest on=1', 'CompleteLayerUpload'],
    ['PutImage wrong-digest on=1', 'PutImage'],
    ['UploadLayerPart off-by-one every=1', 'UploadLayerPart'],
    ['UploadLayerPart forget-part every=1', undefined],
  ])('%s is noticed, and the next push is whole', async (rule, operation) => {
    const place = await prepare([rule]);
    const failure = await push(place).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(EcrpError);
    expect(failure).toMatchObject({ code: 'UNAVAILABLE', ...(operation && { operation }) });
    await setFaults(place.emulator, []);
    await push(place);
    await expectWhole(place);
  });
});

test('without faults the calls match the formula, and a push of an unchanged image reads no layer byte', async () => {
  const place = await prepare([]);
  await createThenForget(place);
  await push(place);
  const counts = (name: string) => place.emulator.count(name);
  expect(counts('BatchCheckLayerAvailability')).toBe(1);
  expect(counts('InitiateLayerUpload')).toBe(4);
  expect(counts('UploadLayerPart')).toBe(5);
  expect(counts('CompleteLayerUpload')).toBe(4);
  expect(counts('PutImage')).toBe(2);
  expect(place.emulator.requests).toHaveLength(1 + 16);
  await push(place);
  expect(place.emulator.requests).toHaveLength(1 + 16 + 3);
});

async function createThenForget({ emulator }: Place): Promise<void> {
  const client = createEcrClient({ endpointUrl: emulator.url, env: emulator.env });
  await createRepository(client, { repositoryName }, signal);
  client.close();
}
