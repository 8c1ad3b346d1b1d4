import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { makeCaller } from '../../src/ecr/call.ts';
import { Pacer } from '../../src/ecr/pacing.ts';
import { createPrivateClient } from '../../src/ecr/private/client.ts';
import { connectPrivateTarget } from '../../src/ecr/private/connect-target.ts';
import { createEcrClient } from '../../src/ecr/public/client.ts';
import { connectPush } from '../../src/ecr/push.ts';
import { sendThroughRegistry } from '../../src/ecr/target/raw-target.ts';
import type { PushPlan } from '../../src/engine/plan/push-plan.ts';
import type { PushResult } from '../../src/engine/result.ts';
import { openUploadStore, type UploadStore } from '../../src/engine/resume/upload-store.ts';
import { EcrpError } from '../../src/errors.ts';
import { findPlace } from '../../src/files/process-tag.ts';
import { RetryBudget } from '../../src/net/retry-budget.ts';
import type { TestEmulator } from '../support/emulator.ts';
import { pushWith } from '../support/push-with.ts';
import type { PartWitness } from './part-witness.ts';

export const PART_BYTES = 5 * 1024 * 1024;
export const TAGS = ['1.0', 'latest'];
/** A fault may hit every attempt for a while. */
const RAW_BUDGET_MS = 20_000;

export interface StormPush {
  readonly emulator: TestEmulator;
  readonly repositoryName: string;
  readonly stateDirectory: string;
  readonly plan: PushPlan;
  readonly witness: PartWitness;
  /** Longest silence of a connection. */
  readonly stallMs: number;
  /** Whether the repository is one of private ECR. */
  readonly isPrivate?: boolean | undefined;
  /** Host of the registry that layers go to; undefined: they travel through the API. */
  readonly registryHost?: string | undefined;
  /** Ends the push after so many events, in this way. Undefined: never. */
  readonly end?: { readonly afterEvents: number; readonly how: 'kill' | 'interrupt' } | undefined;
}

/** `ended`: by the `end` of the push. */
export type StormOutcome = PushResult | EcrpError | 'ended';

/** Pushes in this process. A kill is an interruption that stops all further writes. */
export async function pushInStorm(push: StormPush): Promise<StormOutcome> {
  const { emulator, repositoryName, stateDirectory, plan, witness, stallMs, registryHost, end } = push;
  const { isPrivate = false } = push;
  const controller = new AbortController();
  let isDead = false;
  let events = 0;
  const onEvent = (): void => {
    events += 1;
    if (events !== end?.afterEvents) return;
    isDead = end.how === 'kill';
    controller.abort(new EcrpError('INTERRUPTED', 'the storm'));
  };
  const endpointUrl = (isPrivate ? emulator.privateUrl : emulator.url) ?? '';
  const createClient = isPrivate ? createPrivateClient : createEcrClient;
  const base = createClient({ endpointUrl, env: emulator.env, retryBudgetMs: stallMs });
  const client = {
    ...base,
    call: makeCaller({
      endpoint: endpointUrl,
      firstDelayMs: 1,
      budget: new RetryBudget({ givenMs: 4 * stallMs }),
      pacer: new Pacer({}),
      onEvent,
    }),
  };
  const target = { endpoint: 'https://127.0.0.1', repositoryName };
  const uploads = openUploadStore(join(stateDirectory, 'uploads'), target, (problem) => {
    throw problem;
  });
  try {
    return await pushWith(plan, {
      service: witness.watchService(connectPush(client, { repositoryName })),
      tags: TAGS,
      partBytes: PART_BYTES,
      uploads: witness.watchStore(stopWhen(uploads, () => isDead)),
      onEvent,
      signal: controller.signal,
      ...(isPrivate && {
        changeTarget: (target) => {
          const place = { client, address: { repositoryName }, name: repositoryName };
          const own = connectPrivateTarget(place, {
            mostPartBytes: PART_BYTES,
            retryBudgetMs: 4 * stallMs,
            onCreatedByTemplate: undefined,
          });
          // The witness watches the parts.
          return { ...own, uploadBlob: target.uploadBlob };
        },
      }),
      ...(registryHost !== undefined && {
        changeTarget: (target) => {
          const findPath = async () => `${emulator.registryAlias}/${repositoryName}`;
          return sendThroughRegistry(client, { registryHost, repositoryName, findPath }, target, {
            scheme: 'Bearer',
            retryBudgetMs: Math.min(4 * stallMs, RAW_BUDGET_MS),
            defaultBudgetMs: RAW_BUDGET_MS,
            firstDelayMs: 1,
            silentMs: stallMs,
            watchWait: (_, work) => work(),
            onEvent,
            onNote: onEvent,
          });
        },
      }),
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
        save: (state) => isDead() || claim.save(state),
        discard: () => isDead() || claim.discard(),
        release: () => isDead() || claim.release(),
      };
    },
  };
}

/** Makes a dead process the owner of the records, as after a kill. */
async function disownUploads(directory: string): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  const { host, space } = findPlace();
  for (const [position, name] of names.entries()) {
    const [key, owner] = name.split('.');
    if (owner === 'json') continue;
    const gone = `99999999-1-${host}-${space}-${position.toString(16)}`;
    await rename(join(directory, name), join(directory, `${key}.${gone}.json`));
  }
}
