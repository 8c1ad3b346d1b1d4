import { EcrpError } from '../../errors.ts';
import { listNames } from '../../foreign-text.ts';
import { assertTag, findRegistryReferences, parseReference } from '../../oci/reference.ts';
import { orderTags } from '../../oci/tag-order.ts';

/** Where an image goes. */
export interface PushTarget {
  /** Absent for one's own registry. */
  readonly registryAlias?: string | undefined;
  readonly repositoryName: string;
  /** At least one, each once, in the order to put them. */
  readonly tags: readonly [string, ...string[]];
  /** The tag that the reference in the result names: the one of the reference given, else the most exact one. */
  readonly mainTag: string;
}

/**
 * Puts together where to push: the reference given, else the image's `names` that point at the registry host, with further
 * tags. Throws USAGE when there is nothing to go by, and when the names are of several repositories.
 */
export function chooseTarget(
  reference: string | undefined,
  tags: readonly string[],
  names: readonly string[],
  registryHost: string,
): PushTarget {
  const references =
    reference === undefined
      ? findRegistryReferences(names, registryHost)
      : [parseReference(reference, registryHost)];
  const [first, ...others] = references;
  if (first === undefined) {
    const found = names.length === 0 ? 'the image has no name' : `it is named ${listNames(names)}`;
    throw new EcrpError(
      'USAGE',
      `where to push the image is not said: ${found}, nothing at ${registryHost}`,
      {
        hint: 'Give a REFERENCE after the source: REPOSITORY:TAG.',
      },
    );
  }
  const { registryAlias, repositoryName } = first;
  const stray = others.find(
    (other) => other.repositoryName !== repositoryName || other.registryAlias !== registryAlias,
  );
  if (stray !== undefined) {
    throw new EcrpError(
      'USAGE',
      `the image has names in several repositories: ${repositoryName}, ${stray.repositoryName}`,
      { hint: 'Give the REFERENCE to push to, and run ecrp once for each repository.' },
    );
  }
  for (const tag of tags) assertTag(tag);
  const asked = [...references.map((each) => each.imageTag), ...tags];
  const [firstTag = first.imageTag, ...furtherTags] = orderTags(asked);
  const mainTag = reference === undefined ? firstTag : first.imageTag;
  return { registryAlias, repositoryName, tags: [firstTag, ...furtherTags], mainTag };
}
