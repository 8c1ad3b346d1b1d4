import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { ImageTarget } from '../../../src/ends/image-target.ts';
import { planPush } from '../../../src/engine/plan/plan.ts';
import { pushImage } from '../../../src/engine/push-image.ts';
import { rememberTarget } from '../../../src/engine/remember-target.ts';
import { Uploader } from '../../../src/engine/uploader.ts';
import type { Digest } from '../../../src/oci/digest.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { makeImage, makeIndex } from '../../support/images.ts';
import { layoutTarget } from '../../support/layout-target.ts';
import { layoutSource } from '../../support/memory-source.ts';

const { signal } = new AbortController();
const shared = await makeImage({ seed: 1, layers: [{}, {}] });
const other = await makeImage({ seed: 2, layers: [{}] });
const both = makeIndex([shared, other]);
const roots = [shared, both, makeIndex([shared], ['2'])];

/** Counts what the target is asked and given. */
async function countingTarget() {
  const directory = await mkdtemp(join(tmpdir(), 'ecrp-test-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const target = layoutTarget(directory);
  await target.createRepository?.(signal);
  const asked: Digest[] = [];
  const put: { readonly digest: Digest; readonly tag: string | undefined }[] = [];
  let answer: 'missing' | undefined;
  const counting: ImageTarget = {
    ...target,
    findAvailable: (digests, inner) => {
      asked.push(...digests);
      return target.findAvailable(digests, inner);
    },
    putManifest: async (manifest, inner) => {
      const { digest, tag } = manifest;
      put.push({ digest, tag });
      if (answer === undefined) return target.putManifest(manifest, inner);
      answer = undefined;
      return { kind: 'missing', detail: 'a layer is not there' };
    },
  };
  return {
    target: counting,
    asked,
    put,
    missNext: () => {
      answer = 'missing';
    },
  };
}

async function pushAll(target: ImageTarget, note: ReturnType<typeof rememberTarget>['note'], dryRun = false) {
  const source = layoutSource(roots);
  const uploader = new Uploader({ target, concurrency: 2, uploads: undefined, dryRun, onEvent: note });
  for (const [position, { descriptor }] of roots.entries()) {
    const plan = await planPush(
      source,
      { kind: 'manifest', names: [], root: descriptor },
      { limits: target.limits },
    );
    await pushImage(plan, uploader, { tags: [`${position}`], ifExists: 'overwrite' }, signal);
  }
  return source;
}

const blobs = [shared, other].flatMap(({ config, layers }) => [
  digestOf(config),
  ...layers.map((each) => each.descriptor.digest),
]);

test('a target that several images go to is asked for each blob once, and gets each child once', async () => {
  const { target, asked, put } = await countingTarget();
  const memory = rememberTarget(target);
  const source = await pushAll(memory.target, memory.note);
  expect(asked.toSorted()).toEqual(blobs.toSorted());
  expect(source.reads.filter((name) => name === shared.layers[0]?.descriptor.digest)).toHaveLength(1);
  const untagged = put.filter(({ tag }) => tag === undefined).map(({ digest }) => digest);
  // The first image is put under its tag, so the indexes need not put it.
  expect(untagged).toEqual([other.descriptor.digest]);
});

test('a dry run counts each blob once', async () => {
  const { target, asked, put } = await countingTarget();
  const memory = rememberTarget(target);
  const found: Digest[] = [];
  await pushAll(
    memory.target,
    (event) => {
      memory.note(event);
      if (event.kind === 'blob-finished' && event.outcome === 'uploaded') found.push(event.digest);
    },
    true,
  );
  expect(found.toSorted()).toEqual(blobs.toSorted());
  expect(asked.toSorted()).toEqual(blobs.toSorted());
  expect(put).toEqual([]);
});

test('what the target has lost is asked for and sent again', async () => {
  const counted = await countingTarget();
  const memory = rememberTarget(counted.target);
  await pushAll(memory.target, memory.note);
  counted.missNext();
  const before = counted.asked.length;
  await pushAll(memory.target, memory.note);
  // The first image asks for its blobs again, and the second for the others.
  expect(counted.asked.slice(before).toSorted()).toEqual(blobs.toSorted());
});

test('where a tag is, is asked once for news, and each time before it is moved', async () => {
  const { target } = await countingTarget();
  const asked: string[] = [];
  const memory = rememberTarget({
    ...target,
    glanceAtTag: async (tag) => {
      asked.push(`glance ${tag}`);
      return undefined;
    },
    locateTag: async (tag) => {
      asked.push(`locate ${tag}`);
      return undefined;
    },
  });
  for (let count = 0; count < 2; count += 1) {
    await memory.target.glanceAtTag?.('1', signal);
    await memory.target.locateTag('1', signal);
  }
  expect(asked).toEqual(['glance 1', 'locate 1', 'locate 1']);

  // A list answers for all others.
  const { digest } = shared.descriptor;
  memory.learn(new Map([['2', digest]]));
  const found = [
    await memory.target.glanceAtTag?.('2', signal),
    await memory.target.glanceAtTag?.('3', signal),
  ];
  expect(found).toEqual([digest, undefined]);
  expect(asked).toHaveLength(3);
});

test('where a target does not say where its tags are, that is unknown', async () => {
  const { target } = await countingTarget();
  const { glanceAtTag: _, ...silent } = target;
  const memory = rememberTarget(silent);
  expect(await memory.target.glanceAtTag?.('1', signal)).toBe('unknown');
});
