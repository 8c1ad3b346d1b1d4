import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { createGzipCompressor } from '../../src/compress/gzip-compressor.ts';
import { makeCaller } from '../../src/ecr/call.ts';
import { createEcrClient } from '../../src/ecr/client.ts';
import { Pacer } from '../../src/ecr/pacing.ts';
import { connectPush } from '../../src/ecr/push.ts';
import { EcrpError } from '../../src/errors.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { planPush } from '../../src/push/plan.ts';
import { pushImage } from '../../src/push/push-image.ts';
import type { PushPlan } from '../../src/push/push-plan.ts';
import type { PushResult } from '../../src/push/push-result.ts';
import { openUploadStore, type UploadStore } from '../../src/push/upload-store.ts';
import type { TestEmulator } from '../support/emulator.ts';
import { describeBytes, type GeneratedImage, makeManifest, makeRandomBytes } from '../support/images.ts';
import { archiveSource, layoutSource } from '../unit/push/memory-source.ts';

const MIB = 1024 * 1024;
const PART_BYTES = 5 * MIB;
export const TAGS = ['1.0', 'latest'];

/** Sizes around every boundary that a layer of a few parts can have. */
const SMALL = [1, 2, 3, 511, 512, 4096, 48 * 1024 - 1, 48 * 1024, 48 * 1024 + 1, 1_000_000];
const LARGE = [5, 10, 15].flatMap((count) => [count * MIB - 1, count * MIB, count * MIB + 1]);

type Random = () => number;

export function pick<Item>(random: Random, items: readonly [Item, ...Item[]] | readonly Item[]): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

const layers = new Map<string, GeneratedImage['layers'][number]>();

/** Two different layers of each size; they are of no format, as nothing looks into them. */
function makeLayer(random: Random, sizes: readonly number[]): GeneratedImage['layers'][number] {
  const size = pick(random, sizes);
  const key = `${size}/${Math.floor(random() * 2)}`;
  let layer = layers.get(key);
  if (layer === undefined) {
    const bytes = makeRandomBytes(key, size);
    const descriptor = describeBytes('application/vnd.oci.image.layer.v1.tar+gzip', bytes);
    layer = { tar: bytes, bytes, diffId: descriptor.digest, descriptor };
    layers.set(key, layer);
  }
  return layer;
}

/** An image of 1 to 30 layers, of which at most two are of several parts. */
export function makeStormImage(seed: number, random: Random): GeneratedImage {
  const count = random() < 0.7 ? 1 + Math.floor(random() * 4) : 5 + Math.floor(random() * 26);
  const large = Math.floor(random() * 3);
  const all = Array.from({ length: count }, (_, position) =>
    makeLayer(random, position < large ? LARGE : SMALL),
  );
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: { Labels: { seed: String(seed) } },
      rootfs: { type: 'layers', diff_ids: all.map((layer) => layer.diffId) },
    }),
  );
  const manifest = makeManifest(
    config,
    all.map((layer) => layer.descriptor),
  );
  const descriptor = describeBytes('application/vnd.oci.image.manifest.v1+json', manifest);
  const platform = { architecture: 'amd64', os: 'linux' };
  return { names: [], platform, config, layers: all, manifest, descriptor };
}

const compressor = createGzipCompressor({ level: 1 });

/** The image as an OCI layout, or as a docker-archive that is compressed on the way. */
export function planStormImage(image: GeneratedImage, isArchive: boolean): Promise<PushPlan> {
  if (isArchive) {
    const [source, archive] = archiveSource(image);
    return planPush(source, archive, { compressor });
  }
  return planPush(layoutSource([image]), { kind: 'manifest', names: [], root: image.descriptor });
}

/** Exceptions that a fault rule may ask for, and what the user is told of them. */
const exceptions: Readonly<Record<string, string>> = {
  ServerException: 'UNAVAILABLE',
  UploadNotFoundException: 'UNAVAILABLE',
  AccessDeniedException: 'AUTH',
  LimitExceededException: 'LIMIT',
  LayerAlreadyExistsException: 'UNAVAILABLE',
};

const operations = [
  '*',
  'BatchCheckLayerAvailability',
  'InitiateLayerUpload',
  'UploadLayerPart',
  'CompleteLayerUpload',
  'PutImage',
];

/** A rule of the emulator's whole list, and the error code that a push may end with because of it. */
export function makeFault(random: Random): { readonly rule: string; readonly code: string } {
  const effect = pick(random, [
    'throttle',
    'reset-before',
    'reset-after',
    'cut-response',
    'html-503',
    'delay 20',
    'error',
    'error',
    'stall',
    'expired-token',
    'off-by-one',
    'forget-part',
    'wrong-digest',
  ]);
  const trigger = pick(random, [
    `on=${1 + Math.floor(random() * 12)}`,
    `every=${2 + Math.floor(random() * 5)}`,
    `p=0.${1 + Math.floor(random() * 3)} seed=${Math.floor(random() * 1000)}`,
  ]);
  const once = `on=${1 + Math.floor(random() * 12)}`;
  const operation = pick(random, operations);
  switch (effect) {
    case 'error': {
      const name = pick(random, Object.keys(exceptions));
      // Only where the service could say so.
      const where = name.startsWith('Layer') ? 'CompleteLayerUpload' : operation;
      const place = name.startsWith('Upload')
        ? pick(random, ['UploadLayerPart', 'CompleteLayerUpload'])
        : where;
      return { rule: `${place} error ${name} ${trigger}`, code: exceptions[name] ?? '' };
    }
    // Each costs the time after which it is noticed.
    case 'stall':
      return { rule: `${operation} stall ${once}`, code: 'UNAVAILABLE' };
    case 'expired-token':
      return { rule: `${operation} expired-token ${once}`, code: 'AUTH' };
    case 'off-by-one':
    case 'forget-part':
      return { rule: `UploadLayerPart ${effect} ${trigger}`, code: 'UNAVAILABLE' };
    case 'wrong-digest':
      return {
        rule: `${pick(random, ['CompleteLayerUpload', 'PutImage'])} wrong-digest ${trigger}`,
        code: 'UNAVAILABLE',
      };
    default:
      return { rule: `${operation} ${effect} ${trigger}`, code: 'UNAVAILABLE' };
  }
}

export async function setFaults(emulator: TestEmulator, faults: readonly string[]): Promise<void> {
  const response = await fetch(`${emulator.url}/emulator/faults`, {
    method: 'PUT',
    body: JSON.stringify({ faults }),
  });
  if (response.status !== 200) throw new Error(await response.text());
}

export interface StormPush {
  readonly emulator: TestEmulator;
  readonly repositoryName: string;
  readonly stateDirectory: string;
  readonly plan: PushPlan;
  /** How long a connection may be silent. */
  readonly stallMs: number;
  /** After how many events of the push it ends, and how; undefined lets it go on. */
  readonly end?: { readonly afterEvents: number; readonly how: 'kill' | 'interrupt' } | undefined;
}

/** `ended`: by `end`. */
export type StormOutcome = PushResult | EcrpError | 'ended';

/** Pushes in this process; a kill is an interruption after which nothing is written any more. */
export async function pushInStorm(push: StormPush): Promise<StormOutcome> {
  const { emulator, repositoryName, stateDirectory, plan, stallMs, end } = push;
  const controller = new AbortController();
  let isDead = false;
  let events = 0;
  const onEvent = (): void => {
    events += 1;
    if (events !== end?.afterEvents) return;
    isDead = end.how === 'kill';
    controller.abort(new EcrpError('INTERRUPTED', 'the storm'));
  };
  const base = createEcrClient({ endpointUrl: emulator.url, env: emulator.env, retryBudgetMs: stallMs });
  const client = {
    ...base,
    call: makeCaller({
      endpoint: emulator.url,
      firstDelayMs: 1,
      // Three attempts are made in any case.
      budgetMs: 500,
      pacer: new Pacer({}),
      onEvent,
    }),
  };
  const target = { endpoint: 'https://127.0.0.1', repositoryName };
  const uploads = openUploadStore(join(stateDirectory, 'uploads'), target, (problem) => {
    throw problem;
  });
  try {
    return await pushImage(plan, {
      service: connectPush(client, { repositoryName }),
      tags: TAGS,
      partBytes: PART_BYTES,
      uploads: stopWhen(uploads, () => isDead),
      onEvent,
      signal: controller.signal,
    });
  } catch (error) {
    if (controller.signal.aborted) return 'ended';
    if (error instanceof EcrpError) return error;
    throw error;
  } finally {
    client.close();
    if (isDead) await disownUploads(join(stateDirectory, 'uploads'));
  }
}

function stopWhen(store: UploadStore, isDead: () => boolean): UploadStore {
  return {
    ...store,
    claim(subject) {
      const claim = store.claim(subject);
      return {
        found: claim.found,
        keep: (upload) => isDead() || claim.keep(upload),
        forget: () => isDead() || claim.forget(),
        release: () => isDead() || claim.release(),
      };
    },
  };
}

/** Makes the records those of a process that is gone, as they are after a kill. */
async function disownUploads(directory: string): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  for (const [position, name] of names.entries()) {
    const [key, owner] = name.split('.');
    if (owner === 'json') continue;
    await rename(join(directory, name), join(directory, `${key}.99999999-1-${position}.json`));
  }
}

/** What anyone gets from the registry; undefined for what is not there. */
export class Puller {
  readonly #emulator: TestEmulator;
  #token: Promise<string> | undefined;

  constructor(emulator: TestEmulator) {
    this.#emulator = emulator;
  }

  /** A digest that the tag's manifest names and that is not there; undefined for a tag that is whole or nowhere. */
  async findHole(repositoryName: string, tag: string): Promise<string | undefined> {
    const manifest = await this.pull(repositoryName, `manifests/${tag}`);
    for (const digest of listDigests(manifest)) {
      // A blob that is there is a redirection to its bytes.
      const response = await this.#ask(repositoryName, `blobs/${digest}`, 'manual');
      await response.body?.cancel();
      if (response.status !== 307) return `${digest} (${response.status})`;
    }
    return undefined;
  }

  async findDigest(repositoryName: string, tag: string): Promise<Digest | undefined> {
    const manifest = await this.pull(repositoryName, `manifests/${tag}`);
    return manifest && digestOf(manifest);
  }

  /** A digest that the tag's manifest names and whose bytes are others; undefined when all are right. */
  async findDamage(repositoryName: string, tag: string): Promise<string | undefined> {
    const manifest = await this.pull(repositoryName, `manifests/${tag}`);
    for (const digest of listDigests(manifest)) {
      const bytes = await this.pull(repositoryName, `blobs/${digest}`);
      if (bytes === undefined || digestOf(bytes) !== digest) return digest;
    }
    return undefined;
  }

  async pull(repositoryName: string, path: string): Promise<Buffer | undefined> {
    const response = await this.#ask(repositoryName, path, 'follow');
    const bytes = Buffer.from(await response.arrayBuffer());
    if (response.status === 404) return undefined;
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${bytes}`);
    return bytes;
  }

  async #ask(repositoryName: string, path: string, redirect: 'follow' | 'manual'): Promise<Response> {
    const { url, registryAlias } = this.#emulator;
    this.#token ??= fetch(`${url}/token/`).then(async (answer) => String(Object(await answer.json()).token));
    return fetch(`${url}/v2/${registryAlias}/${repositoryName}/${path}`, {
      headers: { authorization: `Bearer ${await this.#token}`, accept: '*/*' },
      redirect,
    });
  }
}

function listDigests(manifest: Buffer | undefined): ReadonlySet<string> {
  const found = String(manifest ?? '').matchAll(/sha256:[0-9a-f]{64}/g);
  return new Set(Array.from(found, ([digest]) => digest));
}
