import { ECR_PUBLIC_LIMITS } from '../../../ecr/limits.ts';
import { ECR_PRIVATE_LIMITS } from '../../../ecr/private/limits.ts';
import type { ChartFacts } from '../../../ends/image-source.ts';
import { checkTagCount } from '../../../engine/limits.ts';
import { EcrpError } from '../../../errors.ts';
import { listNames, quoteText } from '../../../foreign-text.ts';
import type { Digest } from '../../../oci/digest.ts';
import { isSamePrivateRegistry } from '../../../oci/private-host.ts';
import {
  findRegistryReferences,
  formatRepository,
  parseReference,
  type Reference,
  type RegistryHosts,
  type RepositoryReference,
} from '../../../oci/reference.ts';
import { assertTag, orderTags } from '../../../oci/tags.ts';

/** Where the command line says to push. */
export interface GivenTarget {
  /** REFERENCE */
  readonly reference: string | undefined;
  /** `--tag`, as given. */
  readonly tags: readonly string[];
  /** `--by-digest` */
  readonly byDigest: boolean;
}

/** Where an image goes. */
export interface ChosenTarget extends RepositoryReference {
  /** Distinct, in the order they are put. Without tags, the image is there by its digest alone. */
  readonly tags: readonly string[];
  /** The tag of the reference in the result: the tag of the given reference, otherwise the most exact one. */
  readonly mainTag?: string | undefined;
  /** The digest that the image must have. */
  readonly imageDigest?: Digest | undefined;
  /** The same repository by other aliases, or without one, if the service says that the registry is the same. */
  readonly otherNames?: readonly RepositoryReference[] | undefined;
}

/** For a push only. Other commands require a tag. */
const DEFAULT_TAG = 'latest';

/**
 * Chooses where to push: the given reference, otherwise the image's `names` at the registry host, with further tags. The tag of a `chart` is
 * its version, unless one is given. Throws USAGE when there is no reference, or when several repositories or digests are named; LIMIT for too
 * many tags.
 */
export function chooseTarget(
  given: GivenTarget,
  names: readonly string[],
  hosts: RegistryHosts,
  chart?: ChartFacts,
): ChosenTarget {
  const further = readGivenTags(given.tags, hosts);
  const main = given.reference === undefined ? undefined : parseReference(given.reference, hosts);
  const named = main === undefined ? findRegistryReferences(names, hosts) : [main];
  const references = [
    ...named,
    ...further.flatMap((each) => (each.kind === 'reference' ? [each.reference] : [])),
  ];
  const [first] = references;
  if (first === undefined) throw chart ? refuseChart(chart) : refuseNames(names, hosts);
  assertOneRepository(references);
  const { registryHost, registryAlias, repositoryName, privateRegistry } = first;
  const otherNames = listOtherNames(references);
  const repository = {
    registryHost,
    ...(registryAlias !== undefined && { registryAlias }),
    repositoryName,
    privateRegistry,
    ...(otherNames.length > 0 && { otherNames }),
  };
  const imageDigest = findDigest(references);
  if (given.byDigest) {
    assertUntagged(main, further.length > 0);
    return { ...repository, tags: [], imageDigest };
  }
  const list = (each: Reference): readonly string[] => listTags(each, chart?.imageTag);
  const tags = orderTags([
    ...named.flatMap(list),
    ...further.flatMap((each) => (each.kind === 'tag' ? [each.imageTag] : list(each.reference))),
  ]);
  checkTagCount(privateRegistry ? ECR_PRIVATE_LIMITS : ECR_PUBLIC_LIMITS, tags.length);
  return { ...repository, tags, mainTag: (main && list(main)[0]) ?? tags[0], imageDigest };
}

/** One tag; none for a reference by digest alone. */
function listTags({ imageTag, imageDigest }: Reference, defaultTag = DEFAULT_TAG): readonly string[] {
  if (imageTag !== undefined) return [imageTag];
  return imageDigest === undefined ? [defaultTag] : [];
}

/** Warns of tags of a chart that are not its version: Helm looks for versions among the tags. */
export function warnOfChartTags(
  { version, imageTag }: ChartFacts,
  tags: readonly string[],
): readonly string[] {
  const others = tags.filter((tag) => tag !== imageTag);
  if (others.length === 0) return [];
  const named = others.length === 1 ? `the tag ${others[0]} is` : `the tags ${listNames(others)} are`;
  return [`${named} not the version of the chart, ${version}, which Helm looks for`];
}

/** One reference per further alias. Only the service can tell whether they name the same registry. */
function listOtherNames([first, ...others]: readonly Reference[]): readonly RepositoryReference[] {
  const byAlias = new Map(others.map((other) => [other.registryAlias, other]));
  byAlias.delete(first?.registryAlias);
  return [...byAlias.values()];
}

function assertOneRepository([first, ...others]: readonly Reference[]): void {
  const stray = others.find(
    (other) =>
      other.repositoryName !== first?.repositoryName ||
      !isSamePrivateRegistry(other.privateRegistry, first.privateRegistry),
  );
  if (first !== undefined && stray !== undefined) throw refuseRepositories(first, stray);
}

/** The error for an image with two repositories. */
export function refuseRepositories(first: RepositoryReference, stray: RepositoryReference): EcrpError {
  return new EcrpError(
    'USAGE',
    `an image is pushed to one repository, but these are two: ${formatRepository(first)}, ${formatRepository(stray)}`,
    { hint: 'Give the REFERENCE to push to, and run ecrp once for each repository.' },
  );
}

function findDigest(references: readonly Reference[]): Digest | undefined {
  const [digest, other] = new Set(references.flatMap(({ imageDigest }) => imageDigest ?? []));
  if (other === undefined) return digest;
  throw new EcrpError('USAGE', `an image has one digest, but these are two: ${digest}, ${other}`, {
    hint: 'Leave out the digests, or run ecrp once for each image.',
  });
}

function assertUntagged(main: Reference | undefined, hasFurther: boolean): void {
  if (main?.imageTag === undefined && !hasFurther) return;
  throw new EcrpError('USAGE', '--by-digest pushes without a tag, but a tag is given', {
    hint:
      main?.imageTag === undefined ? 'Leave out --tag, or --by-digest.' : `Write ${formatRepository(main)}.`,
  });
}

function refuseChart({ name }: ChartFacts): EcrpError {
  return new EcrpError('USAGE', `no target for the chart ${quoteText(name)}: a chart names no repository`, {
    hint: 'Give the REPOSITORY after the chart, mostly one of the same name: its version becomes the tag.',
  });
}

function refuseNames(names: readonly string[], { registryHost }: RegistryHosts): EcrpError {
  const found = names.length === 0 ? 'the image has no name' : `it is named ${listNames(names)}`;
  return new EcrpError('USAGE', `no target for the image: ${found}, with nothing at ${registryHost}`, {
    hint: 'Give a REFERENCE after the source: REPOSITORY:TAG.',
  });
}

/** One `--tag`: a tag, or a reference that names the repository as well. */
export type GivenTag =
  | { readonly kind: 'tag'; readonly imageTag: string }
  | { readonly kind: 'reference'; readonly reference: Reference };

/**
 * Reads the values of `--tag`: one per line, as docker/metadata-action writes them, without blank lines. A text with a colon or a slash is a
 * reference. Throws USAGE for other texts that are no tag, and for an empty value.
 */
export function readGivenTags(values: readonly string[], hosts: RegistryHosts): readonly GivenTag[] {
  return values.flatMap((value) => {
    const lines = value.split('\n').map((line) => line.trim());
    const given = lines.filter((line) => line !== '');
    if (given.length === 0) {
      throw new EcrpError('USAGE', '--tag is empty', {
        hint: 'Give a tag, or leave --tag out. Is the variable set that it comes from?',
      });
    }
    return given.map((text) => readGivenTag(text, hosts));
  });
}

function readGivenTag(text: string, hosts: RegistryHosts): GivenTag {
  if (/[,\s]/.test(text)) {
    throw new EcrpError('USAGE', `--tag: ${quoteText(text)} is not an image tag`, {
      hint: 'Give one tag a line, or --tag once for each.',
    });
  }
  if (/[:/@]/.test(text)) return { kind: 'reference', reference: parseReference(text, hosts) };
  assertTag(text);
  return { kind: 'tag', imageTag: text };
}
