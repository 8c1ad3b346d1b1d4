import { expect } from 'vitest';
import { listContents } from './image-facts.ts';
import type { PushResult, Sandbox } from './sandbox.ts';

/**
 * Pushes a layout. `copyBack` copies the image from the registry into another layout and returns its path. Compares all digests of
 * both, and pushes the copy, which must change nothing.
 */
export async function judgeRoundTrip(
  sandbox: Sandbox,
  source: string,
  reference: string,
  copyBack: () => Promise<string>,
): Promise<PushResult> {
  const pushed = await sandbox.push(source, reference);
  const copy = await copyBack();
  const contents = await listContents(sandbox, copy);
  expect(contents).toEqual(await listContents(sandbox, source));
  expect(contents).toEqual(expect.arrayContaining(pushed.manifests.map((each) => each.imageDigest)));
  await judgePushAgain(sandbox, copy, reference, pushed);
  return pushed;
}

/** Pushes what a client read from the registry. The image must be the same, the tag unchanged, and no byte may be sent. */
export async function judgePushAgain(
  sandbox: Sandbox,
  copy: string,
  reference: string,
  pushed: PushResult,
  ...options: readonly string[]
): Promise<void> {
  const again = await sandbox.push(copy, reference, ...options);
  expect(again).toMatchObject({
    imageDigest: pushed.imageDigest,
    imageManifestMediaType: pushed.imageManifestMediaType,
    tags: pushed.tags.map(({ imageTag }) => ({ imageTag, status: 'unchanged' })),
    manifests: pushed.manifests.map(({ imageDigest }) => ({ imageDigest, status: 'unchanged' })),
    layers: { total: pushed.layers.total, uploaded: 0 },
    bytes: { uploaded: 0, resumed: 0 },
  });
}
