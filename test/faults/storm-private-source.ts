import { createPrivateClient } from '../../src/ecr/private/client.ts';
import type { ErrorCode } from '../../src/errors.ts';
import { callPrivate } from '../support/call-api.ts';
import { startTestEmulator } from '../support/emulator.ts';
import { type FrontFault, startRegistryFront } from '../support/registry-front.ts';
import { privateOf } from '../support/signed-request.ts';
import { type ApiFault, startApiFront } from './api-front.ts';
import { pick, type Random } from './storm-images.ts';
import { fillSource, type SourceFault, type StormSource } from './storm-source.ts';

const MIB = 1024 * 1024;
/** Of both emulators: a copy has one set of credentials. */
export const STORM_KEYS = { accessKeyId: 'AKIASTORM', secretAccessKey: 'storm' };

/** The same for private ECR: with a front for its API, and one for the host of its blobs. */
export async function startPrivateStormSource(
  firstSeed: number,
  count: number,
  random: Random,
): Promise<StormSource> {
  const emulator = await startTestEmulator({ ...STORM_KEYS, private: {} });
  const { privateUrl = '' } = emulator;
  const images = await fillSource(
    createPrivateClient({ endpointUrl: privateUrl, env: emulator.env }),
    firstSeed,
    count,
    random,
  );
  const [first] = images;
  const { downloadUrl = '' } = await askForLayer(emulator, first?.repositoryName ?? '');
  let faults: readonly SourceFault[] = [];
  const choose: SourceFault['choose'] = (request) => {
    for (const fault of faults) {
      const found = fault.choose(request);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const bucketHost = new URL(downloadUrl).host;
  const bucket = await startRegistryFront(bucketHost, choose, () => true);
  const api = await startApiFront(new URL(privateUrl).host, [bucketHost, bucket.host], () =>
    // The bodies of the API are not signed, and only TLS would show that one was changed.
    toApiFault(choose({ method: 'POST', path: '/', isRedirected: false, headers: {} })),
  );
  return {
    place: api.host,
    env: { AWS_ENDPOINT_URL_ECR: api.url, ECRP_PRIVATE_REGISTRY_HOST: api.host },
    images,
    setFaults: (given) => {
      faults = given;
    },
    makeFault: makePrivateFault,
    countBlobBytes: () => [...bucket.blobBytes.values()].reduce((sum, bytes) => sum + bytes, 0),
    close: async () => {
      await api.close();
      await bucket.close();
      await emulator.close();
    },
  };
}

/** The URL of a layer that the repository has. */
async function askForLayer(emulator: Parameters<typeof privateOf>[0], repositoryName: string) {
  const signer = privateOf(emulator);
  const imageIds = [{ imageTag: '1.0' }];
  const { images = [] } = await callPrivate(signer, 'BatchGetImage', { repositoryName, imageIds });
  const root = JSON.parse(images[0]?.imageManifest ?? '');
  const child = root.manifests?.[0]?.digest;
  const found =
    child &&
    (await callPrivate(signer, 'BatchGetImage', { repositoryName, imageIds: [{ imageDigest: child }] }));
  const { config } = child ? JSON.parse(found?.images?.[0]?.imageManifest ?? '') : root;
  return callPrivate(signer, 'GetDownloadUrlForLayer', { repositoryName, layerDigest: config.digest });
}

function toApiFault(fault: FrontFault | undefined): ApiFault | undefined {
  if (fault === undefined || fault.kind === 'status' || fault.kind === 'reset') return fault;
  const { kind, at } = fault;
  return kind === 'flip' ? undefined : { kind, at };
}

function makePrivateFault(random: Random): SourceFault {
  const kind = pick(random, ['reset', 'cut', 'end', 'flip', 'status', 'expired', 'down', 'missing'] as const);
  const chance = pick(random, [0.05, 0.2, 0.5]);
  const at = Math.floor(random() * random() * 12 * MIB);
  const some = (codes: readonly ErrorCode[], name: string, choose: SourceFault['choose']): SourceFault => ({
    name: `private source ${name} p=${chance}`,
    codes,
    choose: (request) => (random() < chance ? choose(request) : undefined),
  });
  const ofBlob =
    (fault: FrontFault): SourceFault['choose'] =>
    ({ method }) =>
      method === 'GET' ? fault : undefined;
  switch (kind) {
    case 'reset':
      return some(['UNAVAILABLE'], kind, () => ({ kind }));
    case 'cut':
    case 'end':
      return some(['UNAVAILABLE'], `${kind} at ${at}`, () => ({ kind, at }));
    case 'flip':
      return some(['UNAVAILABLE', 'INVALID_INPUT'], `${kind} at ${at}`, ofBlob({ kind, at }));
    case 'status': {
      const status = pick(random, [429, 500, 502, 503]);
      return some(['UNAVAILABLE'], `${status}`, () => ({ kind: 'status', status }));
    }
    case 'expired':
      return some(['UNAVAILABLE'], kind, ofBlob({ kind: 'status', status: 403 }));
    case 'down': {
      let left = 1 + Math.floor(random() * 40);
      return {
        name: `private source down after ${left}`,
        codes: ['UNAVAILABLE'],
        choose: () => {
          left -= 1;
          return left < 0 ? { kind: 'reset' } : undefined;
        },
      };
    }
    case 'missing':
      return some(['NOT_FOUND'], kind, ofBlob({ kind: 'status', status: 404 }));
  }
}
