import type { EcrClient } from '../../src/ecr/client.ts';
import { createEcrClient } from '../../src/ecr/public/client.ts';
import { connectPush } from '../../src/ecr/push.ts';
import { createRepository } from '../../src/ecr/repositories.ts';
import type { ErrorCode } from '../../src/errors.ts';
import { startTestEmulator } from '../support/emulator.ts';
import { pushWith } from '../support/push-with.ts';
import { type FrontFault, type FrontRequest, startRegistryFront } from '../support/registry-front.ts';
import { makeStormImage, pick, planStormImage, type Random } from './storm-images.ts';

/** What goes wrong at a source. */
export interface SourceFault {
  readonly name: string;
  /** Errors that it may cause in a copy. */
  readonly codes: readonly ErrorCode[];
  choose(request: FrontRequest): FrontFault | undefined;
}

/** An image of the source. */
export interface SourceImage {
  readonly repositoryName: string;
  readonly digest: string;
}

export interface StormSource {
  /** `HOST/ALIAS`, or `HOST` of private ECR. */
  readonly place: string;
  /** What a copy of it needs in its environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly images: readonly SourceImage[];
  /** Replaces what goes wrong. */
  setFaults(faults: readonly SourceFault[]): void;
  /** Makes something go wrong, in one of several ways. */
  makeFault(random: Random): SourceFault;
  /** Bytes of blobs that it has given. */
  countBlobBytes(): number;
  close(): Promise<void>;
}

/** Fills an emulator with images, each in a repository of its own under the tags 1.0 and latest, and starts a front for it. */
export async function startStormSource(
  firstSeed: number,
  count: number,
  random: Random,
): Promise<StormSource> {
  const emulator = await startTestEmulator();
  const client = createEcrClient({ endpointUrl: emulator.url, env: emulator.env });
  const images = await fillSource(client, firstSeed, count, random);
  let faults: readonly SourceFault[] = [];
  const front = await startRegistryFront(emulator.registryHost, (request) => {
    for (const fault of faults) {
      const found = fault.choose(request);
      if (found !== undefined) return found;
    }
    return undefined;
  });
  return {
    place: `${front.host}/${emulator.registryAlias}`,
    env: {},
    images,
    setFaults: (given) => {
      faults = given;
    },
    makeFault: (given) => makeSourceFault(given, `http://${emulator.registryHost}/token/`),
    countBlobBytes: () => [...front.blobBytes.values()].reduce((sum, bytes) => sum + bytes, 0),
    close: async () => {
      await front.close();
      await emulator.close();
    },
  };
}

/** Puts images into repositories of their own. Closes the client. */
export async function fillSource(
  client: EcrClient,
  firstSeed: number,
  count: number,
  random: Random,
): Promise<readonly SourceImage[]> {
  const { signal } = new AbortController();
  const images: SourceImage[] = [];
  for (let seed = firstSeed; images.length < count; seed += 1) {
    const image = makeStormImage(seed, random);
    // What is compressed on the way comes from files only.
    if (image.kind === 'archive') continue;
    const repositoryName = `source/s${seed}`;
    await createRepository(client, { repositoryName }, signal);
    const service = connectPush(client, { repositoryName });
    const { imageDigest } = await pushWith(await planStormImage(image), { service, tags: ['1.0', 'latest'] });
    images.push({ repositoryName, digest: imageDigest });
  }
  client.close();
  return images;
}

const MIB = 1024 * 1024;

/** Errors of a registry that does not answer as it should. A login cannot be obtained from it either. */
const UNAVAILABLE: readonly ErrorCode[] = ['UNAVAILABLE', 'AUTH'];

function makeSourceFault(random: Random, realm: string): SourceFault {
  const kind = pick(random, ['reset', 'cut', 'end', 'flip', 'status', 'expired', 'down', 'missing'] as const);
  const chance = pick(random, [0.05, 0.2, 0.5]);
  const at = Math.floor(random() * random() * 12 * MIB);
  const isBlob = ({ path }: FrontRequest): boolean => path.includes('/blobs/');
  const isRead = ({ path }: FrontRequest): boolean =>
    isBlob({ path } as FrontRequest) || path.includes('/manifests/');
  const some = (codes: readonly ErrorCode[], name: string, choose: SourceFault['choose']): SourceFault => ({
    name: `source ${name} p=${chance}`,
    codes,
    choose: (request) => (random() < chance ? choose(request) : undefined),
  });
  switch (kind) {
    case 'reset':
      return some(UNAVAILABLE, kind, () => ({ kind }));
    case 'cut':
    case 'end':
      return some(UNAVAILABLE, `${kind} at ${at}`, (request) => (isRead(request) ? { kind, at } : undefined));
    case 'flip':
      // A registry that serves other bytes than it says: the copy ends, or it reads them again.
      return some(['UNAVAILABLE', 'INVALID_INPUT', 'AUTH'], `${kind} at ${at}`, (request) =>
        isRead(request) ? { kind, at } : undefined,
      );
    case 'status': {
      const status = pick(random, [429, 500, 502, 503]);
      return some(UNAVAILABLE, `${status}`, () => ({ kind, status }));
    }
    case 'expired': {
      const headers = { 'www-authenticate': `Bearer realm="${realm}",service="storm",scope="aws"` };
      const status = pick(random, [400, 401]);
      return some(UNAVAILABLE, `${kind} ${status}`, () => ({ kind: 'status', status, headers }));
    }
    case 'down': {
      let left = 1 + Math.floor(random() * 40);
      return {
        name: `source down after ${left}`,
        codes: UNAVAILABLE,
        choose: () => {
          left -= 1;
          return left < 0 ? { kind: 'reset' } : undefined;
        },
      };
    }
    case 'missing': {
      // One answer in some says that there is no such thing.
      return some(['NOT_FOUND', 'INVALID_INPUT', 'UNAVAILABLE'], kind, (request) =>
        isRead(request) ? { kind: 'status', status: 404 } : undefined,
      );
    }
  }
}
