import type { ImageSource, ListedImage } from '../../../ends/image-source.ts';
import { EcrpError } from '../../../errors.ts';
import { listNames } from '../../../foreign-text.ts';
import { type IdentifiedImage, identifyImages, identifyParts } from '../../../source/identify-images.ts';

/** Of the digits of a digest, as many as Docker shows. */
const SHORT_DIGITS = 12;

/**
 * Chooses the image to push: the one that `--image` means, else the only one. It may be given by a name or tag, by the digest
 * of its manifest or config (the image ID), or by 12 and more of the digest's digits. Throws USAGE when that is not one image.
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

/** Those of the source, and those that its indexes are made of. */
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

/** Docker names mean the same with and without its default host, `library/` and the tag `latest`. */
function isSameName(name: string, wanted: string): boolean {
  return name === wanted || expandName(name) === expandName(wanted);
}

function expandName(name: string): string {
  const short = name.replace(/^(?:docker\.io|localhost)\//, '').replace(/^library\//, '');
  return /:[^/]*$|@/.test(short) ? short : `${short}:latest`;
}
