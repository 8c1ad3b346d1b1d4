import { describe, expect, it } from 'vitest';
import { addEntries, removeEntries } from '../../../src/oci/change-index.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import type { IndexEntry } from '../../../src/oci/index-document.ts';
import { OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { identifyPlatform, type Platform, parsePlatform } from '../../../src/oci/platform.ts';

function image(seed: string, platform?: string | Platform): IndexEntry {
  const stated = typeof platform === 'string' ? parsePlatform(platform) : platform;
  return {
    descriptor: {
      mediaType: OCI_MANIFEST,
      digest: digestOf(seed),
      size: 1,
      ...(stated && { platform: stated }),
    },
  };
}

function attest(subject: IndexEntry, seed = 'attestation'): IndexEntry {
  const { digest } = subject.descriptor;
  const annotations = {
    'vnd.docker.reference.type': 'attestation-manifest',
    'vnd.docker.reference.digest': digest,
  };
  const { descriptor } = image(`${seed} of ${digest}`, 'unknown/unknown');
  return { descriptor: { ...descriptor, annotations } };
}

const amd64 = image('amd64', 'linux/amd64');
const arm64 = image('arm64', 'linux/arm64/v8');
const unnamed = image('unnamed');

describe('added', () => {
  it.each([
    ['behind the others', [amd64], [arm64], [amd64, arm64]],
    ['in the place of the same platform', [amd64, arm64], [image('new', 'linux/amd64/v1')], ['new', arm64]],
    [
      'in the place of all of the same platform',
      [amd64, arm64, image('b', 'linux/amd64')],
      [image('new', 'linux/amd64')],
      ['new', arm64],
    ],
    ['not at all if it is there', [amd64, arm64], [image('arm64', 'linux/arm64')], [amd64, arm64]],
    ['beside itself for another platform', [amd64], [image('amd64', 'linux/386')], [amd64, 'amd64']],
    [
      'in the place of itself without a platform',
      [unnamed, amd64],
      [image('unnamed', 'linux/arm')],
      ['unnamed', amd64],
    ],
    ['beside what states no platform', [unnamed], [amd64], [unnamed, amd64]],
  ])('an image is %s', (_, before, added, after) => {
    const { entries } = addEntries(before, added);
    expect(entries.map(({ descriptor }) => descriptor.digest)).toEqual(
      after.map((each) => (typeof each === 'string' ? digestOf(each) : each.descriptor.digest)),
    );
  });

  it('keeps an entry as it is if the image is there', () => {
    const before = { ...arm64, json: { unknown: 1 } };
    const changed = addEntries([before], [image('arm64', 'linux/arm64')]);
    expect(changed).toEqual({ entries: [before], added: [], removed: [] });
    expect(changed.entries[0]).toBe(before);
  });

  it('replaces a Windows image of the same build, and no other', () => {
    const windows = (version: string) => ({ os: 'windows', architecture: 'amd64', 'os.version': version });
    const before = [image('2019', windows('10.0.17763.1')), image('2022', windows('10.0.20348.1'))];
    const added = image('new', windows('10.0.20348.2'));
    expect(addEntries(before, [added]).entries).toEqual([before[0], added]);
  });

  it('takes attestations along, and those of replaced images away', () => {
    const before = [amd64, attest(amd64), arm64, attest(arm64)];
    const added = image('new', 'linux/amd64');
    const changed = addEntries(before, [added, attest(added)]);
    expect(changed.entries).toEqual([added, arm64, attest(arm64), attest(added)]);
    expect(changed.removed).toEqual([amd64, attest(amd64)]);
    expect(addEntries(before, [amd64, attest(amd64)]).entries).toEqual(before);
    // An attestation of an image that was never listed is nobody's business.
    const stray = attest(image('elsewhere'));
    expect(addEntries([amd64, stray], [added]).entries).toEqual([added, stray]);
  });
});

describe('removed', () => {
  it('an image goes with its attestations', () => {
    const before = [amd64, attest(amd64, 'one'), attest(amd64, 'two'), arm64, attest(arm64)];
    const changed = removeEntries(before, (entry) => entry === amd64);
    expect(changed.entries).toEqual([arm64, attest(arm64)]);
    expect(changed.removed).toEqual(before.slice(0, 3));
  });

  it('an attestation goes alone, or stays while its image is listed for another platform', () => {
    expect(removeEntries([amd64, attest(amd64)], (entry) => entry !== amd64).entries).toEqual([amd64]);
    const again = image('amd64', 'linux/386');
    const changed = removeEntries([amd64, again, attest(amd64)], (entry) => entry === amd64);
    expect(changed.entries).toEqual([again, attest(amd64)]);
  });
});

it('what was added can be removed again, whatever it is', () => {
  const platforms = ['amd64', 'arm64', 'arm/v7', 's390x', '386'].map((name) =>
    parsePlatform(`linux/${name}`),
  );
  for (let seed = 0; seed < 200; seed += 1) {
    const bits = (shift: number): boolean => ((seed * 2_654_435_761) >>> shift) % 2 === 1;
    const chosen = platforms.filter((_, position) => bits(position + 3));
    const [before, added] = [
      chosen.filter((_, at) => bits(at + 11)),
      chosen.filter((_, at) => !bits(at + 11)),
    ].map((list) =>
      list.flatMap((platform) => withAttestation(image(identifyPlatform(platform), platform), seed)),
    );
    if (before === undefined || added === undefined) throw new TypeError('two lists');
    const changed = addEntries(before, added);
    const digests = new Set(changed.added.map(({ descriptor }) => descriptor.digest));
    expect(new Set(changed.entries)).toEqual(new Set([...before, ...added]));
    expect(
      removeEntries(changed.entries, ({ descriptor }) => digests.has(descriptor.digest)).entries,
    ).toEqual(before);
  }
});

function withAttestation(entry: IndexEntry, seed: number): readonly IndexEntry[] {
  return seed % 2 === 0 ? [entry] : [entry, attest(entry)];
}
