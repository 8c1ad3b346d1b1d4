import { expect } from 'vitest';
import type { Client } from './clients.ts';
import { type Facts, type ImageFacts, readFetched } from './image-facts.ts';
import { pullWithPodman } from './podman.ts';
import type { PushResult, Sandbox } from './sandbox.ts';
import { fetchWithSkopeo } from './skopeo.ts';

/**
 * Fetches what was pushed with skopeo and podman and compares it with the source: the manifest's digest where the source
 * has one, and of every image its config digest, diff IDs and layer bytes.
 */
export async function judgePush(
  sandbox: Sandbox,
  reference: string,
  result: PushResult,
  source: Facts,
): Promise<void> {
  const fetched = readFetched(await fetchWithSkopeo(sandbox, reference));
  expect(result.imageDigest).toBe(fetched.rootDigest);
  if (source.rootDigest !== undefined) expect(fetched.rootDigest).toBe(source.rootDigest);
  expect(fetched.images).toHaveLength(source.images.length);
  for (const [index, image] of fetched.images.entries()) {
    expect(image).toMatchObject(source.images[index] ?? {});
    // The promise of a config: each layer, unpacked, has the diff ID that stands there.
    if (image.unpackedDigests !== undefined) expect(image.unpackedDigests).toEqual(image.diffIds);
    await judgePull(sandbox, reference, fetched, image);
  }
}

async function judgePull(sandbox: Sandbox, reference: string, root: Facts, image: ImageFacts): Promise<void> {
  const pulled = await pullWithPodman(sandbox, reference, '--platform', `linux/${image.architecture}`);
  expect(pulled).toMatchObject({ configDigest: image.configDigest, diffIds: image.diffIds });
  expect(pulled.manifestDigests).toContain(root.rootDigest);
}

/** The clients that `judgePush` needs. */
export const JUDGES = ['skopeo', 'podman', 'tar'] as const satisfies readonly Client[];
