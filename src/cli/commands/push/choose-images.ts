import type { ChartFacts, ImageSource, ListedImage } from '../../../ends/image-source.ts';
import { EcrpError } from '../../../errors.ts';
import { listNames, quoteText } from '../../../foreign-text.ts';
import { findRegistryReferences, type RegistryHosts } from '../../../oci/reference.ts';
import { chooseImage } from './choose-image.ts';
import { type ChosenTarget, chooseTarget, type GivenTarget, warnOfChartTags } from './choose-target.ts';
import type { PushRequest } from './request.ts';

/** What the command line says about the choice. */
export type Choice = Pick<PushRequest, 'image' | 'all' | 'target' | 'hosts' | 'selection'>;

export interface ChosenImage {
  readonly image: ListedImage;
  readonly target: ChosenTarget;
}

/**
 * Chooses what to push and where: one image, or each image with `--all`. With `--all` an image goes to its names at the registry host, or to
 * the given repository under the tags of its own names; without a tag, a chart goes there under its version, and any other image by digest.
 * Referrers go with their image; one with a name gets its own tag as well. Throws USAGE when the choice is not clear, or when two images
 * would get one tag.
 */
export async function chooseImages(
  source: ImageSource,
  { image: name, all, target: given, hosts, selection }: Choice,
): Promise<readonly ChosenImage[]> {
  const drops = selection.referrers === 'drop';
  if (!all) {
    const image = await chooseImage(source, name);
    const chosen = chooseOne(image, given, hosts);
    return [drops ? { ...chosen, image: dropReferrers(chosen.image) } : chosen];
  }
  const [only, ...others] = source.images;
  const isUnnamedChart = only !== undefined && only.names.length === 0 && findChart(only) !== undefined;
  const images =
    only !== undefined && others.length === 0 && (isUnnamedChart || findGivenTag(given) !== undefined)
      ? [chooseOne(only, given, hosts)]
      : chooseEach(source, given, hosts);
  const tagged = drops || selection.platforms.length > 0 ? [] : chooseTagged(source, images);
  const chosen = [
    ...images.map(({ image, target }) => ({ image: drops ? dropReferrers(image) : image, target })),
    ...tagged,
  ];
  assertDistinct(chosen, source);
  return chosen;
}

function chooseOne(image: ListedImage, given: GivenTarget, hosts: RegistryHosts): ChosenImage {
  const chart = findChart(image);
  const target = chooseTarget(given, image.names, hosts, chart);
  if (image.kind !== 'manifest' || chart === undefined) return { image, target };
  const warnings = [...(image.warnings ?? []), ...warnOfChartTags(chart, target.tags)];
  return { image: { ...image, warnings }, target };
}

/** The chart in place of the image. */
function findChart(image: ListedImage): ChartFacts | undefined {
  return image.kind === 'manifest' ? image.chart : undefined;
}

function chooseEach(source: ImageSource, given: GivenTarget, hosts: RegistryHosts): readonly ChosenImage[] {
  const single = findGivenTag(given);
  if (single !== undefined) {
    throw refuse(
      `${source.path} holds ${source.images.length} images, and ${quoteText(single)} can be only one of them`,
    );
  }
  return source.images.map((image) => ({ image, target: chooseOwnTarget(given, image, hosts) }));
}

/** A tag on the command line, which can be given to one image only. */
function findGivenTag({ reference, tags }: GivenTarget): string | undefined {
  return reference !== undefined && /:[^/]*$/.test(reference) ? reference : tags[0];
}

function chooseOwnTarget(given: GivenTarget, image: ListedImage, hosts: RegistryHosts): ChosenTarget {
  const { reference: repository, byDigest } = given;
  if (repository === undefined && findRegistryReferences(image.names, hosts).length === 0) {
    const name = image.names.length === 0 ? 'without a name' : listNames(image.names);
    throw new EcrpError(
      'USAGE',
      `no target for the image ${name}: none of its names is at ${hosts.registryHost}`,
      {
        hint: 'Give the repository after the source, without a tag: ecrp push SOURCE REPOSITORY --all',
      },
    );
  }
  if (repository === undefined) return chooseTarget(given, image.names, hosts);
  const named = image.names.flatMap((name) => findTag(name) ?? []);
  const [first = findChart(image)?.imageTag, ...others] = named;
  if (byDigest || first === undefined) {
    return chooseTarget({ reference: repository, tags: [], byDigest: true }, image.names, hosts);
  }
  const reference = `${repository}:${first}`;
  return chooseTarget({ reference, tags: others, byDigest }, image.names, hosts);
}

/** A referrer with a name goes to the repository of its image under its own tag. */
function chooseTagged(
  { referrers = [] }: ImageSource,
  images: readonly ChosenImage[],
): readonly ChosenImage[] {
  return referrers.flatMap((image) => {
    const tags = image.names.flatMap((name) => findTag(name) ?? []);
    const subject =
      images.find(
        (each) =>
          each.image.kind === 'manifest' &&
          each.image.referrers?.some(({ root }) => root.digest === image.root.digest),
      ) ?? images[0];
    if (subject === undefined || tags.length === 0) return [];
    const { registryHost, registryAlias, repositoryName, privateRegistry } = subject.target;
    const repository = {
      registryHost,
      ...(registryAlias !== undefined && { registryAlias }),
      repositoryName,
      privateRegistry,
    };
    return [{ image, target: { ...repository, tags, mainTag: tags[0] } }];
  });
}

/** Drops what travels with an image. */
function dropReferrers(image: ListedImage): ListedImage {
  return image.kind === 'manifest' ? { ...image, companions: [], referrers: [] } : image;
}

/** The tag of a name. An OCI layout may name an image by its tag alone. */
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
    hint: 'With --all, give a repository without a tag: each image gets the tags of its own names. Or choose one with --image.',
  });
}
