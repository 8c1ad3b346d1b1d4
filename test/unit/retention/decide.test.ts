import { describe, expect, test } from 'vitest';
import { DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { decideRetention } from '../../../src/retention/decide.ts';
import { compileGlobs } from '../../../src/retention/glob.ts';
import { type KnownLinks, linkImages, type ManifestLinks } from '../../../src/retention/links.ts';
import {
  describeVerdict,
  type RetainableImage,
  type RetentionRules,
  type RetentionVerdict,
} from '../../../src/retention/rules.ts';
import { listUnread } from '../../../src/retention/unread.ts';
import { makeRandom } from '../../support/images.ts';

const DAY_MS = 86_400_000;
const NOW_MS = 100 * DAY_MS;
const NO_RULES: RetentionRules = {
  untagged: false,
  olderThanMs: undefined,
  keep: undefined,
  match: [],
  protect: [],
  withChildren: false,
};

interface Made extends RetainableImage {
  readonly links?: ManifestLinks;
}

/** An image `age` days old. Its digest is its name. */
function make(
  imageDigest: string,
  age: number,
  imageTags: readonly string[] = [],
  links: Partial<ManifestLinks> = {},
): Made {
  const isIndex = (links.children ?? []).length > 0;
  return {
    ...{ imageDigest, imageTags, pushedAtMs: NOW_MS - age * DAY_MS },
    mediaType: isIndex ? OCI_INDEX : OCI_MANIFEST,
    links: { children: links.children ?? [], subject: links.subject },
  };
}

function linksOf(images: readonly Made[]): KnownLinks {
  return new Map(images.flatMap(({ imageDigest, links }) => (links ? [[imageDigest, links] as const] : [])));
}

/** Decides, and says of each image `delete` or `keep` and why. */
function decide(images: readonly Made[], rules: Partial<RetentionRules>, age?: string): string[] {
  const all = { ...NO_RULES, ...rules };
  const verdicts = decideRetention(linkImages(images, linksOf(images)), all, NOW_MS);
  return images.map((image, position) => {
    const verdict = verdicts[position] as RetentionVerdict; // as: there is one for each image
    return `${image.imageDigest} ${verdict.action}: ${describeVerdict(image, verdict, all, age)}`;
  });
}

describe('the rules', () => {
  test('untagged', () => {
    const images = [make('a', 1, ['1.0']), make('b', 2)];
    expect(decide(images, { untagged: true })).toEqual(['a keep: tagged', 'b delete: untagged']);
  });

  test('older than an age, which an image of unknown age is not', () => {
    const images = [make('a', 30, ['1']), make('b', 31, ['2']), { ...make('c', 0), pushedAtMs: undefined }];
    expect(decide(images, { olderThanMs: 30 * DAY_MS }, '30d')).toEqual([
      'a keep: not older than 30d',
      'b delete: older than 30d',
      'c keep: not older than 30d',
    ]);
  });

  test('all but the newest, among those that the patterns let through', () => {
    const images = [make('a', 1, ['v1']), make('b', 2, ['x1']), make('c', 3, ['x2']), make('d', 4, ['x3'])];
    expect(decide(images, { keep: 1, match: ['x*'] })).toEqual([
      'a keep: tag v1 does not match',
      'b keep: among the newest 1',
      'c delete: every tag matches, not among the newest 1',
      'd delete: every tag matches, not among the newest 1',
    ]);
  });

  test('an image goes only if it meets all rules', () => {
    const images = [make('a', 50, ['1']), make('b', 40), make('c', 1), make('d', 60)];
    expect(decide(images, { untagged: true, olderThanMs: 30 * DAY_MS, keep: 1 }, '30d')).toEqual([
      'a keep: tagged',
      'b delete: untagged, older than 30d, not among the newest 1',
      'c keep: among the newest 1',
      'd delete: untagged, older than 30d, not among the newest 1',
    ]);
  });

  test('every tag must match, and none may be protected', () => {
    const images = [
      make('a', 9, ['pr-1', 'pr-2']),
      make('b', 9, ['pr-3', 'main']),
      make('c', 9, ['pr-4', 'v1']),
    ];
    expect(decide(images, { olderThanMs: DAY_MS, match: ['pr-*', 'v*'], protect: ['v*'] }, '1d')).toEqual([
      'a delete: every tag matches, older than 1d',
      'b keep: tag main does not match',
      'c keep: tag v1 is protected',
    ]);
  });

  test('an untagged image matches no pattern, unless untagged ones are asked for', () => {
    const images = [make('a', 9)];
    expect(decide(images, { olderThanMs: DAY_MS, match: ['*'] }, '1d')).toEqual([
      'a keep: untagged, so it does not match',
    ]);
    expect(decide(images, { untagged: true, match: ['x'] })).toEqual(['a delete: untagged']);
  });
});

describe('what belongs together', () => {
  test('children of an index that stays, stay, at any depth', () => {
    const images = [
      make('top', 1, ['1.0'], { children: ['inner'] }),
      make('inner', 2, [], { children: ['leaf'] }),
      make('leaf', 3),
      make('alone', 3),
    ];
    expect(decide(images, { untagged: true })).toEqual([
      'top keep: tagged',
      'inner keep: child of top, which stays',
      'leaf keep: child of inner, which stays',
      'alone delete: untagged',
    ]);
  });

  test('referrers of an image that stays, stay: by subject and by tag, and referrers of those', () => {
    const hex = 'a'.repeat(64);
    const images = [
      make(`sha256:${hex}`, 50, ['1.0']),
      make('sbom', 50, [], { subject: `sha256:${hex}` }),
      make('signature of sbom', 50, [], { subject: 'sbom' }),
      make('cosign', 50, [`sha256-${hex}.sig`]),
      make('of another', 50, [`sha256-${'b'.repeat(64)}.sig`]),
    ];
    const found = decide(images, { olderThanMs: DAY_MS, protect: ['1.*'] }, '1d');
    expect(found.slice(1)).toEqual([
      `sbom keep: refers to sha256:${hex}, which stays`,
      'signature of sbom keep: refers to sbom, which stays',
      `cosign keep: refers to sha256:${hex}, which stays`,
      'of another delete: older than 1d',
    ]);
  });

  test('an index that goes takes along what meets the rules, with --with-children all untagged children', () => {
    const images = [
      make('index', 9, ['pr-1'], { children: ['shared', 'own', 'tagged'] }),
      make('other', 9, ['main'], { children: ['shared'] }),
      make('shared', 9),
      make('own', 9),
      make('tagged', 9, ['amd64']),
    ];
    const rules = { olderThanMs: DAY_MS, match: ['pr-*'] };
    expect(decide(images, rules, '1d')).toContain('own keep: untagged, so it does not match');
    expect(decide(images, { ...rules, withChildren: true }, '1d')).toEqual([
      'index delete: every tag matches, older than 1d',
      'other keep: tag main does not match',
      'shared keep: child of other, which stays',
      'own delete: child of an index that goes',
      'tagged keep: tag amd64 does not match',
    ]);
  });

  test('children and referrers do not count among the newest', () => {
    const images = [
      make('two', 1, ['2'], { children: ['two amd64'] }),
      make('two amd64', 1),
      make('sbom', 1, [], { subject: 'two' }),
      make('one', 2, ['1'], { children: ['one amd64'] }),
      make('one amd64', 2),
      make('zero', 3, ['0']),
    ];
    const going = decide(images, { keep: 2 }).filter((line) => line.includes(' delete: '));
    expect(going).toEqual(['zero delete: not among the newest 2']);
  });

  test('links to what is not there, or to itself, do no harm', () => {
    const images = [make('a', 9, ['1'], { children: ['a', 'gone'], subject: 'a' })];
    expect(decide(images, { untagged: true })).toEqual(['a keep: tagged']);
  });
});

/** Makes a repository at random: indexes of earlier images, referrers of earlier ones, tags of all kinds. */
function makeRepository(random: () => number): Made[] {
  const pick = (count: number): number => Math.floor(random() * count);
  const images: Made[] = [];
  const digestOf = (number: number): string => `sha256:${String(number).padStart(64, '0')}`;
  const count = 1 + pick(30);
  for (let number = 0; number < count; number += 1) {
    const earlier = images.map(({ imageDigest }) => imageDigest);
    const some = (): string[] => earlier.filter(() => random() < 3 / (earlier.length + 1));
    const kind = pick(5);
    const links =
      kind === 0 ? { children: some() } : kind === 1 && number > 0 ? { subject: earlier[pick(number)] } : {};
    const tags = [`v${number}`, `pr-${number}`, 'main'].filter(() => random() < 0.25);
    if (random() < 0.1) tags.push(`sha256-${digestOf(pick(count)).slice(7)}.sig`);
    const made = make(digestOf(number), pick(60), tags, links);
    const mediaType = kind === 0 ? OCI_INDEX : kind === 2 ? DOCKER_MANIFEST : OCI_MANIFEST;
    images.push({ ...made, mediaType, ...(random() < 0.05 && { pushedAtMs: undefined }) });
  }
  return images;
}

function makeRules(random: () => number): RetentionRules {
  const maybe = <Value>(value: Value, otherwise: Value): Value => (random() < 0.5 ? value : otherwise);
  const rules = {
    untagged: random() < 0.3,
    olderThanMs: maybe<number | undefined>(Math.floor(random() * 60) * DAY_MS, undefined),
    keep: maybe<number | undefined>(Math.floor(random() * 6), undefined),
    match: maybe<string[]>(['pr-*', 'sha256-*'], []),
    protect: maybe<string[]>(['v*'], []),
    withChildren: random() < 0.5,
  };
  return rules;
}

/** Reads manifests only when they are asked for, as the command does. Returns what it knew at the end. */
function decideLazily(images: readonly Made[], rules: RetentionRules) {
  const all = linksOf(images);
  const known = new Map<string, ManifestLinks>();
  for (;;) {
    const verdicts = decideRetention(linkImages(images, known), rules, NOW_MS);
    const unread = listUnread(images, verdicts, known);
    if (unread.length === 0) return { verdicts, known };
    for (const digest of unread) {
      expect(known.has(digest), 'nothing is read twice').toBe(false);
      known.set(digest, all.get(digest) ?? { children: [], subject: undefined });
    }
  }
}

describe('at random', () => {
  /** Checks what must hold of verdicts, with all links of the repository. */
  function check(
    images: readonly Made[],
    rules: RetentionRules,
    verdicts: readonly RetentionVerdict[],
  ): void {
    const linked = linkImages(images, linksOf(images));
    const isKept = (position: number): boolean => verdicts[position]?.action === 'keep';
    const positions = images.map((_, position) => position);
    const parentsOf = (child: number) => positions.filter((each) => linked.childrenOf(each).includes(child));
    const [matches, protects] = [compileGlobs(rules.match), compileGlobs(rules.protect)];
    const passes = ({ imageTags }: Made): boolean =>
      !imageTags.some(protects) &&
      !(rules.untagged && imageTags.length > 0) &&
      (rules.match.length === 0 || (imageTags.length === 0 ? rules.untagged : imageTags.every(matches)));
    const isOld = ({ pushedAtMs }: Made): boolean =>
      rules.olderThanMs === undefined ||
      (pushedAtMs !== undefined && NOW_MS - pushedAtMs > rules.olderThanMs);
    for (const [position, image] of images.entries()) {
      const verdict = verdicts[position] as RetentionVerdict; // as: there is one for each image
      const { reason } = verdict;
      if (verdict.action === 'keep') {
        for (const child of linked.childrenOf(position)) expect(isKept(child), 'a child is lost').toBe(true);
        for (const other of linked.referrersOf(position))
          expect(isKept(other), 'a referrer is lost').toBe(true);
      }
      switch (reason.kind) {
        case 'protected':
          expect(image.imageTags.filter(protects)).toContain(reason.imageTag);
          break;
        case 'unmatched':
          if (reason.imageTag === undefined) expect(image.imageTags).toEqual([]);
          else expect(matches(reason.imageTag)).toBe(false);
          break;
        case 'tagged':
          expect(image.imageTags).not.toEqual([]);
          break;
        case 'young':
          expect(isOld(image)).toBe(false);
          break;
        case 'newest':
          expect(passes(image)).toBe(true);
          expect(verdicts.filter((each) => each.reason.kind === 'newest').length).toBeLessThanOrEqual(
            rules.keep ?? -1,
          );
          break;
        case 'child':
          expect(parentsOf(position).map((each) => isKept(each) && images[each]?.imageDigest)).toContain(
            reason.by,
          );
          break;
        case 'referrer': {
          const subject = positions.find((each) => images[each]?.imageDigest === reason.by) ?? -1;
          expect(isKept(subject) && linked.referrersOf(subject).includes(position)).toBe(true);
          break;
        }
        case 'rules':
          expect(passes(image) && isOld(image)).toBe(true);
          break;
        case 'orphan':
          expect(rules.withChildren && image.imageTags.length === 0).toBe(true);
          expect(parentsOf(position).length).toBeGreaterThan(0);
          expect(parentsOf(position).some(isKept)).toBe(false);
          break;
      }
    }
  }

  test('nothing that stays loses a child or a referrer, and every reason is true', () => {
    const random = makeRandom(16);
    const kinds = new Set<string>();
    for (let round = 0; round < 300; round += 1) {
      const images = makeRepository(random);
      const rules = makeRules(random);
      const whole = decideRetention(linkImages(images, linksOf(images)), rules, NOW_MS);
      check(images, rules, whole);
      for (const { reason } of whole) kinds.add(reason.kind);
      // A decision that reads no more than it must is as careful.
      const lazy = decideLazily(images, rules);
      check(images, rules, lazy.verdicts);
      for (const [position, { action }] of lazy.verdicts.entries()) {
        if (action === 'delete') expect(whole[position]?.action).toBe('delete');
      }
    }
    expect([...kinds].sort()).toEqual(
      ['child', 'newest', 'orphan', 'protected', 'referrer', 'rules', 'tagged', 'unmatched', 'young'].sort(),
    );
  });

  test('manifests are read only where they matter', () => {
    const images = [
      make('index', 9, ['1'], { children: ['child'] }),
      make('child', 9),
      make('loose', 9),
      { ...make('docker', 9), mediaType: DOCKER_MANIFEST },
      make('tagged', 9, ['2']),
    ];
    const { known } = decideLazily(images, { ...NO_RULES, untagged: true });
    expect([...known.keys()]).toEqual(['index', 'loose']);
    const none = images.filter(({ imageTags }) => imageTags.length > 0);
    expect(decideLazily(none, { ...NO_RULES, untagged: true }).known.size).toBe(0);
  });
});
