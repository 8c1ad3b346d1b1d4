import type { ImageSource, ListedImage } from '../../../ends/image-source.ts';
import { EcrpError } from '../../../errors.ts';
import { listNames } from '../../../foreign-text.ts';
import { type IdentifiedImage, identifyImages, identifyParts } from '../../../source/identify-images.ts';

/** Docker shows this many digits of a digest. */
const SHORT_DIGITS = 12;

/**
 * Chooses the image to push: the one that `--image` names, otherwise the only one. `--image` takes a name, a tag, the digest of the manifest
 * or config (the image ID), or at least 12 digits of such a digest. Throws USAGE unless exactly one image matches.
 */
export async function chooseImage(source: ImageSource, wanted: string | undefined): Promise<ListedImage> {
  const { images, referrers = [], path } = source;
  if (wanted === undefined) {
    const [only, ...others] = images;
    if (only !== undefined && others.length === 0) return only;
    throw new EcrpError(
      'USAGE',
      `${path} holds ${images.length} images; --image says which one to push, --all pushes each`,
      { hint: `Choose with --image: ${listImages(await identifyImages(source, images))}` },
    );
  }
  const all = [...images, ...referrers];
  const named = all.filter((image) => image.names.some((name) => isSameName(name, wanted)));
  const [first, ...others] = named;
  if (first !== undefined && others.length === 0) return first;
  const digits = /^(?:sha256:)?([a-f0-9]{12,64})$/.exec(wanted)?.[1];
  const found =
    first === undefined && digits !== undefined
      ? await findByDigits(source, all, digits)
      : await identifyImages(source, named);
  const [match, ...more] = found;
  if (match === undefined) {
    throw new EcrpError('USAGE', `${path} holds no image ${wanted}`, {
      hint: `Choose with --image: ${listImages(await identifyImages(source, all))}`,
    });
  }
  if (more.length === 0) return match.image;
  throw new EcrpError('USAGE', `${path} holds ${found.length} images that ${wanted} may mean`, {
    hint: `Choose by digest with --image: ${listImages(found)}`,
  });
}

/** Searches the images of the source, then the images inside its indexes. */
async function findByDigits(
  source: ImageSource,
  images: readonly ListedImage[],
  digits: string,
): Promise<readonly IdentifiedImage[]> {
  const isMeant = ({ digests }: IdentifiedImage): boolean =>
    digests.some((digest) => digest.slice('sha256:'.length).startsWith(digits));
  const found = (await identifyImages(source, images)).filter(isMeant);
  if (found.length > 0) return found;
  const parts = new Map<string | undefined, IdentifiedImage>();
  for (const image of images) {
    for (const part of await identifyParts(source, image)) parts.set(part.digest, part);
  }
  return [...parts.values()].filter(isMeant);
}

/** `app:1.0 (8e3b0bc589b5, image linux/amd64), …` */
function listImages(images: readonly IdentifiedImage[]): string {
  return listNames(
    images.map(({ image, digest, kind }) => {
      const digits = digest?.slice('sha256:'.length, 'sha256:'.length + SHORT_DIGITS) ?? 'no ID';
      return image.names.length === 0
        ? `${digits} (${kind})`
        : `${listNames(image.names, ' = ')} (${digits}, ${kind})`;
    }),
  );
}

/** Docker's default host, `library/` and the tag `latest` may be left out of a name. */
function isSameName(name: string, wanted: string): boolean {
  return name === wanted || expandName(name) === expandName(wanted);
}

function expandName(name: string): string {
  const short = name.replace(/^(?:docker\.io|localhost)\//, '').replace(/^library\//, '');
  return /:[^/]*$|@/.test(short) ? short : `${short}:latest`;
}
