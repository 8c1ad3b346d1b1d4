import { EcrpError } from '../../errors.ts';
import { listNames } from '../../foreign-text.ts';
import { quoteText } from '../../oci/json.ts';
import type { ImageSource, SourceImage } from '../../source/image-source.ts';
import { chooseImage } from './choose-image.ts';
import { chooseTarget, type PushTarget } from './choose-target.ts';

export interface Choice {
  /** REFERENCE of the command line. */
  readonly reference: string | undefined;
  /** `--tag` */
  readonly tags: readonly string[];
  /** `--image` */
  readonly image: string | undefined;
  readonly all: boolean;
}

export interface ChosenImage {
  readonly image: SourceImage;
  readonly target: PushTarget;
}

/**
 * Chooses what to push and where: one image, or with `--all` each of them, to where its names at the registry host point, or
 * to the repository given under the tags of its own names. Throws USAGE when that is not clear, or when two images would
 * get one tag.
 */
export function chooseImages(
  source: ImageSource,
  { reference, tags, image: name, all }: Choice,
  registryHost: string,
): readonly ChosenImage[] {
  if (!all || source.images.length === 1) {
    const image = chooseImage(source, name);
    return [{ image, target: chooseTarget(reference, tags, image.names, registryHost) }];
  }
  const given = reference !== undefined && /:[^/]*$/.test(reference) ? reference : tags[0];
  if (given !== undefined) {
    throw refuse(
      `${source.path} holds ${source.images.length} images, and ${quoteText(given)} can be only one of them`,
    );
  }
  const chosen = source.images.map((image) => ({
    image,
    target: chooseOwnTarget(reference, image, registryHost),
  }));
  assertDistinct(chosen, source);
  return chosen;
}

function chooseOwnTarget(
  repository: string | undefined,
  image: SourceImage,
  registryHost: string,
): PushTarget {
  if (repository === undefined) return chooseTarget(undefined, [], image.names, registryHost);
  const [first, ...others] = image.names.flatMap((name) => findTag(name) ?? []);
  if (first === undefined) {
    throw refuse(
      image.names.length === 0
        ? 'an image of the archive has no name'
        : `the image ${listNames(image.names)} has no tag`,
    );
  }
  return chooseTarget(`${repository}:${first}`, others, image.names, registryHost);
}

/** The tag of a name; an OCI layout may name an image by its tag alone. */
function findTag(name: string): string | undefined {
  if (name.includes('@')) return undefined;
  const [, tag] = /:([^/:]*)$/.exec(name) ?? [];
  return tag ?? (name.includes('/') ? undefined : name);
}

function assertDistinct(chosen: readonly ChosenImage[], source: ImageSource): void {
  const seen = new Set<string>();
  for (const { target } of chosen) {
    for (const tag of target.tags) {
      const name = `${target.registryAlias ?? ''}/${target.repositoryName}:${tag}`;
      if (seen.has(name)) {
        throw refuse(`two images of ${source.path} would be ${target.repositoryName}:${tag}`);
      }
      seen.add(name);
    }
  }
}

function refuse(problem: string): EcrpError {
  return new EcrpError('USAGE', problem, {
    hint: 'With --all each image gets the tags of its own names: give a repository without a tag, or nothing; or choose with --image.',
  });
}
