import { describe, expect, test } from 'vitest';
import { EcrpError } from '../../../../src/errors.ts';
import type { Descriptor } from '../../../../src/oci/descriptor.ts';
import { type Digest, digestOf } from '../../../../src/oci/digest.ts';
import { OCI_MANIFEST } from '../../../../src/oci/media-types.ts';
import { nameCosignTag } from '../../../../src/oci/referrer-tags.ts';
import { pickCosignTags, searchCosignTags } from '../../../../src/registry/source/cosign-tags.ts';
import { findTravelling, listBelow } from '../../../../src/registry/source/find-travelling.ts';
import { ManifestCache } from '../../../../src/registry/source/manifest-cache.ts';
import { openRegistrySource } from '../../../../src/registry/source/open-registry-source.ts';
import { makeImage, makeIndex } from '../../../support/images.ts';
import { type MemoryRemote, memoryRemote } from '../../../support/memory-remote.ts';

const { signal } = new AbortController();
const none = pickCosignTags([]);
const image = await makeImage({ seed: 1, layers: [{}] });
const { digest } = image.descriptor;

function addReferrer(remote: MemoryRemote, subject: Digest, artifactType: string): Descriptor {
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    artifactType,
    subject,
    at: subject,
  });
  const root = { ...remote.addManifest(Buffer.from(manifest), OCI_MANIFEST), artifactType };
  remote.referrers.set(subject, [...(remote.referrers.get(subject) ?? []), root]);
  return root;
}

describe('what travels with an image', () => {
  test('are its referrers and theirs, each after its subject', async () => {
    const remote = memoryRemote();
    const sbom = addReferrer(remote, digest, 'application/spdx+json');
    const signature = addReferrer(remote, digest, 'application/vnd.dev.cosign.artifact.sig.v1+json');
    const ofSbom = addReferrer(remote, sbom.digest, 'application/vnd.cncf.notary.signature');
    const found = await findTravelling(new ManifestCache(remote, signal), [image.descriptor], none, signal);
    expect(found.referrers).toEqual([
      { root: sbom, subject: digest, kind: 'SBOM' },
      { root: signature, subject: digest, kind: 'signature' },
      { root: ofSbom, subject: sbom.digest, kind: 'signature' },
    ]);
    expect(found.companions).toEqual([]);
    expect(remote.asked.every((each) => each.startsWith('referrers'))).toBe(true);
  });

  test('are those of the platforms, and none of attestations', async () => {
    const remote = memoryRemote();
    const annotations = { 'vnd.docker.reference.type': 'attestation-manifest' };
    const attestation = await makeImage({ seed: 2, layers: [] });
    const index = makeIndex([
      image,
      { ...attestation, descriptor: { ...attestation.descriptor, annotations } },
    ]);
    remote.add(index);
    const signature = addReferrer(remote, digest, 'application/vnd.cncf.notary.signature');
    const manifests = new ManifestCache(remote, signal);
    const source = await openRegistrySource(manifests, { digest: index.descriptor.digest, names: [] });
    const below = await listBelow(source, index.descriptor);
    expect(below.map((each) => each.digest)).toEqual([digest, attestation.descriptor.digest]);
    remote.asked.length = 0;
    const { referrers } = await findTravelling(manifests, [index.descriptor, ...below], none, signal);
    expect(referrers.map(({ root }) => root)).toEqual([signature]);
    const asked = [index.descriptor.digest, digest, signature.digest].map((each) => `referrers ${each}`);
    expect(remote.asked).toEqual(asked);
  });

  test('are the tags of cosign: a HEAD, then a GET by digest', async () => {
    const remote = memoryRemote();
    const tag = nameCosignTag(digest, 'sig');
    const root = remote.addManifest(image.manifest, OCI_MANIFEST, tag);
    const cosign = pickCosignTags([
      tag,
      nameCosignTag(digestOf('another'), 'sig'),
      nameCosignTag(digest, 'att'),
    ]);
    const found = await findTravelling(new ManifestCache(remote, signal), [image.descriptor], cosign, signal);
    expect(found.companions).toEqual([{ imageTag: tag, root }]);
    expect(remote.asked.filter((each) => each.startsWith('GET'))).toEqual([`GET ${root.digest}`]);
  });

  test('ends, however many refer to each other', async () => {
    const remote = memoryRemote();
    const everywhere = addReferrer(remote, digest, 'a/b');
    remote.referrers.set(everywhere.digest, [everywhere, { ...image.descriptor }]);
    const looped = await findTravelling(new ManifestCache(remote, signal), [image.descriptor], none, signal);
    expect(looped.referrers.map(({ root }) => root.digest)).toEqual([everywhere.digest]);

    const many = Array.from({ length: 3000 }, (_, position) => ({
      ...everywhere,
      digest: digestOf(`${position}`),
    }));
    remote.referrers.set(digest, many);
    remote.asked.length = 0;
    const bounded = await findTravelling(new ManifestCache(remote, signal), [image.descriptor], none, signal);
    expect(bounded.referrers).toHaveLength(3000);
    expect(remote.asked).toHaveLength(1000);
    expect(bounded.warnings).toEqual([
      'too many manifests refer to it: what refers to 2001 of them is left behind',
    ]);
  });
});

describe("cosign's tags", () => {
  test('are found in the list of tags', async () => {
    const remote = memoryRemote();
    for (const tag of ['1', nameCosignTag(digest, 'att'), 'latest']) remote.tags.set(tag, digest);
    const cosign = searchCosignTags(remote, signal);
    expect(await cosign.find(digest)).toEqual([nameCosignTag(digest, 'att')]);
    expect(await cosign.find(digestOf('another'))).toEqual([]);
    expect(remote.asked).toEqual(['tags']);
  });

  test('are asked for where the list is long, or refused', async () => {
    const long = memoryRemote();
    for (let tag = 0; tag < 100; tag += 1) long.tags.set(`${tag}`, digest);
    long.pageTags = 2;
    const refusing = memoryRemote();
    // biome-ignore lint/correctness/useYield: it fails before the first page
    refusing.listTagPages = async function* () {
      throw new EcrpError('AUTH', 'no list for you');
    };
    for (const remote of [long, refusing]) {
      remote.tags.set(nameCosignTag(digest, 'sig'), digest);
      expect(await searchCosignTags(remote, signal).find(digest)).toEqual([nameCosignTag(digest, 'sig')]);
      expect(remote.asked.filter((each) => each.startsWith('HEAD'))).toHaveLength(3);
    }
  });

  test('are not asked for when the list fails for an interruption', async () => {
    const { signal: aborted } = (() => {
      const controller = new AbortController();
      controller.abort(new EcrpError('INTERRUPTED', 'stop'));
      return controller;
    })();
    const remote = memoryRemote();
    // biome-ignore lint/correctness/useYield: it fails before the first page
    remote.listTagPages = async function* () {
      throw new EcrpError('UNAVAILABLE', 'silence');
    };
    await expect(searchCosignTags(remote, aborted).find(digest)).rejects.toThrow('stop');
  });
});
