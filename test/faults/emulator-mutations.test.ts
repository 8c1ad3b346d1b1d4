import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Emulator } from '../../src/emulator/server.ts';
import type { OperationName } from '../../src/wire/operations.ts';
import { callApi, callPrivate } from '../support/call-api.ts';
import { makeRandom } from '../support/images.ts';
import {
  type HostileRequest,
  type MutatedRegistry,
  mutateRequest,
  type ValidRequest,
} from '../support/mutate-request.ts';
import { sha256, uploadImage } from '../support/push-by-hand.ts';
import { privateOf, type Signer } from '../support/signed-request.ts';

// ECRP_MUTATIONS=10000 ECRP_MUTATION_SEED=7 npx vitest run test/faults/emulator-mutations.test.ts
const mutations = Number(process.env.ECRP_MUTATIONS ?? 600);
const firstSeed = Number(process.env.ECRP_MUTATION_SEED ?? 1);
const MOST_GROWTH_BYTES = 20 * 1024 * 1024;
const AT_ONCE = 8;
const program = join(import.meta.dirname, '../../bin/ecrp.js');
const repositoryName = 'team/mutated';

describe.each([
  ['ECR Public', preparePublic],
  ['private ECR', preparePrivate],
] as const)('%s', (_, prepare) => {
  test(`${mutations} mutations of valid requests: always an answer, never a bug, no leak`, {
    timeout: 600_000 + mutations * 50,
  }, async () => {
    const { emulator, complaints, measure } = await spawnMeasured();
    const { signer, valid, registry } = await prepare(emulator);
    const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
    onTestFinished(() => agent.destroy());
    const statuses = new Map<number, number>();
    const sendMany = async (first: number, count: number) => {
      let next = first;
      const sender = async () => {
        while (next < first + count) {
          const seed = next++;
          const hostile = mutateRequest(signer, valid, makeRandom(seed), registry);
          const status = await send(signer.url, agent, hostile);
          expect(status, `seed ${seed}: ${hostile.method} ${hostile.path} ${hostile.body}`).toBeLessThan(500);
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, sender));
    };

    // After the first ones, code and caches are loaded.
    await sendMany(firstSeed + mutations, Math.max(300, mutations / 5));
    const before = measure();
    await sendMany(firstSeed, mutations);
    const growth = measure() - before;

    expect(complaints()).toBe('');
    expect(growth).toBeLessThan(MOST_GROWTH_BYTES);
    await callApi(signer, 'DescribeRepositories');
    // They resemble valid requests: some are accepted, and each check refuses some.
    expect(statuses.get(200)).toBeGreaterThan(mutations / 50);
    expect(statuses.get(400)).toBeGreaterThan(mutations / 5);
    expect(statuses.get(404)).toBeGreaterThan(0);
  });
});

/** Starts an emulator in its own process. Its small heap makes a leak visible. */
async function spawnMeasured() {
  const options = ['--max-semi-space-size=1', '--max-old-space-size=128'];
  const child = spawn(
    process.execPath,
    [...options, program, 'emulator', '--port', '0', '--private-port', '0', '--json', '--quiet'],
    {
      env: { PATH: process.env.PATH },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  onTestFinished(() => void child.kill('SIGTERM'));
  let told = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    told += text;
  });
  const [line] = await once(createInterface(child.stdout), 'line');
  // The contract of the command line fixes the members.
  const emulator = JSON.parse(String(line)) as Omit<Emulator, 'close'>;
  return {
    emulator,
    complaints: () => told,
    /** Reads the resident bytes. Constant on systems other than Linux. */
    measure: () => {
      if (process.platform !== 'linux') return 0;
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      return Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1]) * 1024;
    },
  };
}

/** A service with a repository that has an image and an upload. */
interface Prepared {
  readonly signer: Signer;
  /** One request of each operation. */
  readonly valid: readonly ValidRequest[];
  readonly registry: MutatedRegistry;
}

async function preparePublic(emulator: Omit<Emulator, 'close'>): Promise<Prepared> {
  await callApi(emulator, 'CreateRepository', { repositoryName });
  const { imageManifest, imageDigest } = await uploadImage(emulator, repositoryName, 'one');
  await callApi(emulator, 'PutImage', { repositoryName, imageManifest, imageTag: 'v1' });
  const { uploadId } = await callApi(emulator, 'InitiateLayerUpload', { repositoryName });
  const resourceArn = `arn:aws:ecr-public::123456789012:repository/${repositoryName}`;
  const policyText = '{"Statement":[{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"*"}]}';
  const layerDigests = [sha256('abc')];
  const part = { partFirstByte: 0, partLastByte: 2, layerPartBlob: 'YWJj' };
  const inputs: Readonly<Record<OperationName, object>> = {
    BatchCheckLayerAvailability: { repositoryName, layerDigests: [...layerDigests, ''] },
    BatchDeleteImage: { repositoryName, imageIds: [{ imageTag: 'v9' }, { imageDigest: layerDigests[0] }] },
    CompleteLayerUpload: { repositoryName, uploadId, layerDigests },
    CreateRepository: {
      repositoryName: 'team/other',
      catalogData: { aboutText: 'é' },
      tags: [{ Key: 'a', Value: 'b' }],
    },
    DeleteRepository: { repositoryName: 'team/other', force: true },
    DeleteRepositoryPolicy: { repositoryName },
    DescribeImageTags: { repositoryName, maxResults: 3 },
    DescribeImages: { repositoryName, imageIds: [{ imageTag: 'v1' }, { imageDigest }] },
    DescribeRegistries: {},
    DescribeRepositories: { maxResults: 3, nextToken: Buffer.from('{"scope":"x"}').toString('base64') },
    GetAuthorizationToken: {},
    GetRegistryCatalogData: {},
    GetRepositoryCatalogData: { registryId: '123456789012', repositoryName },
    GetRepositoryPolicy: { repositoryName },
    InitiateLayerUpload: { repositoryName },
    ListTagsForResource: { resourceArn },
    PutImage: { repositoryName, imageManifest, imageTag: 'v1', imageDigest },
    PutRegistryCatalogData: { displayName: 'name' },
    PutRepositoryCatalogData: { repositoryName, catalogData: { architectures: ['x86'], aboutText: 'é' } },
    SetRepositoryPolicy: { repositoryName, policyText, force: true },
    TagResource: { resourceArn, tags: [{ Key: 'a', Value: 'b' }] },
    UntagResource: { resourceArn, tagKeys: ['a'] },
    UploadLayerPart: { repositoryName, uploadId, ...part },
  };
  const { authorizationData } = await callApi(emulator, 'GetAuthorizationToken');
  const token = authorizationData?.authorizationToken ?? '';
  const repository = `${emulator.registryAlias}/${repositoryName}`;
  return { signer: emulator, valid: listRequests(inputs), registry: { scheme: 'Bearer', token, repository } };
}

async function preparePrivate(emulator: Omit<Emulator, 'close'>): Promise<Prepared> {
  const signer = privateOf(emulator);
  await callPrivate(signer, 'CreateRepository', { repositoryName });
  const { imageManifest, imageDigest } = await uploadImage(signer, repositoryName, 'one');
  await callPrivate(signer, 'PutImage', { repositoryName, imageManifest, imageTag: 'v1' });
  const { uploadId } = await callPrivate(signer, 'InitiateLayerUpload', { repositoryName });
  const resourceArn = `arn:aws:ecr:us-east-1:123456789012:repository/${repositoryName}`;
  const policyText = '{"Statement":[{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"*"}]}';
  const selection = { tagStatus: 'untagged', countType: 'imageCountMoreThan', countNumber: 1 };
  const rules = [{ rulePriority: 1, description: 'some', selection, action: { type: 'expire' } }];
  const layerDigests = [sha256('abc')];
  const part = { partFirstByte: 0, partLastByte: 2, layerPartBlob: 'YWJj' };
  const filters = [{ filterType: 'WILDCARD', filter: 'dev-*' }];
  const inputs: Readonly<Record<string, object>> = {
    BatchCheckLayerAvailability: { repositoryName, layerDigests: [...layerDigests, ''] },
    BatchDeleteImage: { repositoryName, imageIds: [{ imageTag: 'v9' }, { imageDigest: layerDigests[0] }] },
    BatchGetImage: {
      repositoryName,
      imageIds: [{ imageTag: 'v1' }, { imageDigest }],
      acceptedMediaTypes: ['x'],
    },
    CompleteLayerUpload: { repositoryName, uploadId, layerDigests },
    CreateRepository: {
      repositoryName: 'team/other',
      imageTagMutability: 'IMMUTABLE_WITH_EXCLUSION',
      imageTagMutabilityExclusionFilters: filters,
      imageScanningConfiguration: { scanOnPush: true },
      encryptionConfiguration: { encryptionType: 'KMS', kmsKey: 'alias/x' },
      tags: [{ Key: 'a', Value: 'b' }],
    },
    DeleteLifecyclePolicy: { repositoryName },
    DeleteRepository: { repositoryName: 'team/other', force: true },
    DescribeImages: { repositoryName, filter: { tagStatus: 'TAGGED', imageStatus: 'ANY' }, maxResults: 3 },
    DescribeRepositories: { maxResults: 3, nextToken: Buffer.from('{"scope":"x"}').toString('base64') },
    GetAccountSetting: { name: 'BLOB_MOUNTING' },
    GetAuthorizationToken: { registryIds: ['123456789012'] },
    GetDownloadUrlForLayer: { repositoryName, layerDigest: layerDigests[0] },
    GetLifecyclePolicy: { registryId: '123456789012', repositoryName },
    InitiateLayerUpload: { repositoryName },
    ListImageReferrers: { repositoryName, subjectId: { imageDigest }, filter: { artifactTypes: ['x'] } },
    ListImages: { repositoryName, filter: { tagStatus: 'ANY' }, maxResults: 3 },
    ListTagsForResource: { resourceArn },
    PutAccountSetting: { name: 'BLOB_MOUNTING', value: 'ENABLED' },
    PutImage: { repositoryName, imageManifest, imageTag: 'v1', imageDigest },
    PutImageTagMutability: {
      ...{ repositoryName, imageTagMutability: 'MUTABLE_WITH_EXCLUSION' },
      imageTagMutabilityExclusionFilters: filters,
    },
    PutLifecyclePolicy: { repositoryName, lifecyclePolicyText: JSON.stringify({ rules }) },
    SetRepositoryPolicy: { repositoryName, policyText, force: true },
    TagResource: { resourceArn, tags: [{ Key: 'a', Value: 'b' }] },
    UploadLayerPart: { repositoryName, uploadId, ...part },
  };
  const { authorizationData = [] } = await callPrivate(signer, 'GetAuthorizationToken');
  const token = authorizationData[0]?.authorizationToken ?? '';
  return {
    signer,
    valid: listRequests(inputs),
    registry: { scheme: 'Basic', token, repository: repositoryName },
  };
}

function listRequests(inputs: Readonly<Record<string, object>>): readonly ValidRequest[] {
  return Object.entries(inputs).map(([operation, input]) => ({ operation, input }));
}

/** The status of the answer. Rejects if none comes within 20 seconds. */
function send(url: string, agent: Agent, { method, path, headers, body }: HostileRequest): Promise<number> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request(
      { agent, hostname, port, method, path, headers: { ...headers, 'content-length': body.length } },
      (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode ?? 0));
        response.on('error', reject);
      },
    );
    sent.setTimeout(300_000, () => sent.destroy(new Error(`no answer to ${method} ${path} ${body}`)));
    sent.on('error', reject);
    sent.end(body);
  });
}
