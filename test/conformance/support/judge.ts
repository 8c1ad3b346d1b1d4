import { expect } from 'vitest';
import type { Client } from './clients.ts';
import { type Facts, type ImageFacts, readFetched } from './image-facts.ts';
import { pullWithPodman } from './podman.ts';
import type { PushResult, Sandbox } from './sandbox.ts';
import { fetchWithSkopeo } from './skopeo.ts';

/**
 * Fetches a pushed image with skopeo and podman, and compares it with its source: config digest, diff IDs and layer bytes of
 * every image, and the digest of the manifest if the source has one.
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
    // Each decompressed layer must have the diff ID that the config states.
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
