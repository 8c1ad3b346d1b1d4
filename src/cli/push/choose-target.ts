import { EcrpError } from '../../errors.ts';
import { listNames } from '../../foreign-text.ts';
import type { Digest } from '../../oci/digest.ts';
import {
  findRegistryReferences,
  formatRepository,
  parseReference,
  type Reference,
  type RepositoryReference,
} from '../../oci/reference.ts';
import { orderTags } from '../../oci/tags.ts';
import { checkTagCount } from '../../push/push-limits.ts';
import { readGivenTags } from './given-tags.ts';

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
export interface PushTarget extends RepositoryReference {
  /** Each once, in the order to put them; without any the image is there by its digest alone. */
  readonly tags: readonly string[];
  /** The tag that the reference in the result names: the one of the reference given, else the most exact one. */
  readonly mainTag?: string | undefined;
  /** What the image has to be. */
  readonly imageDigest?: Digest | undefined;
  /** The same repository by other aliases, or without one, if the service says that the registry is the same. */
  readonly otherNames?: readonly RepositoryReference[] | undefined;
}

/** Of a push alone; other commands want a tag to be named. */
const DEFAULT_TAG = 'latest';

/**
 * Puts together where to push: the reference given, else the image's `names` that point at the registry host, with further
 * tags. Throws USAGE when there is nothing to go by, and when several repositories or digests are named; LIMIT for too many tags.
 */
export function chooseTarget(given: GivenTarget, names: readonly string[], registryHost: string): PushTarget {
  const further = readGivenTags(given.tags, registryHost);
  const main = given.reference === undefined ? undefined : parseReference(given.reference, registryHost);
  const named = main === undefined ? findRegistryReferences(names, registryHost) : [main];
  const references = [
    ...named,
    ...further.flatMap((each) => (each.kind === 'reference' ? [each.reference] : [])),
  ];
  const [first] = references;
  if (first === undefined) throw refuseNames(names, registryHost);
  assertOneRepository(references);
  const { registryHost: host, registryAlias, repositoryName } = first;
  const otherNames = listOtherNames(references);
  const repository = {
    registryHost: host,
    ...(registryAlias !== undefined && { registryAlias }),
    repositoryName,
    ...(otherNames.length > 0 && { otherNames }),
  };
  const imageDigest = findDigest(references);
  if (given.byDigest) {
    assertUntagged(main, further.length > 0);
    return { ...repository, tags: [], imageDigest };
  }
  const tags = orderTags([
    ...named.flatMap(listTags),
    ...further.flatMap((each) => (each.kind === 'tag' ? [each.imageTag] : listTags(each.reference))),
  ]);
  checkTagCount(tags.length);
  return { ...repository, tags, mainTag: (main && listTags(main)[0]) ?? tags[0], imageDigest };
}

/** One, or none for a reference by digest alone. */
function listTags({ imageTag, imageDigest }: Reference): readonly string[] {
  if (imageTag !== undefined) return [imageTag];
  return imageDigest === undefined ? [DEFAULT_TAG] : [];
}

/** One for each further alias. Whether they are of one registry, nobody knows before it is asked. */
function listOtherNames([first, ...others]: readonly Reference[]): readonly RepositoryReference[] {
  const byAlias = new Map(others.map((other) => [other.registryAlias, other]));
  byAlias.delete(first?.registryAlias);
  return [...byAlias.values()];
}

function assertOneRepository([first, ...others]: readonly Reference[]): void {
  const stray = others.find((other) => other.repositoryName !== first?.repositoryName);
  if (first !== undefined && stray !== undefined) throw refuseRepositories(first, stray);
}

/** The error of an image that is to go to two repositories. */
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

function refuseNames(names: readonly string[], registryHost: string): EcrpError {
  const found = names.length === 0 ? 'the image has no name' : `it is named ${listNames(names)}`;
  return new EcrpError('USAGE', `no target for the image: ${found}, with nothing at ${registryHost}`, {
    hint: 'Give a REFERENCE after the source: REPOSITORY:TAG.',
  });
}
