import { EcrpError } from '../../errors.ts';
import { listNames } from '../../foreign-text.ts';
import type { ImageSource, SourceImage } from '../../source/image-source.ts';

/** Chooses the image to push: the one that `--image` names, or gives the digest of, else the only one. Throws USAGE when that is not one image. */
export function chooseImage(source: ImageSource, wanted: string | undefined): SourceImage {
  const { images, path } = source;
  if (wanted === undefined) {
    const [only, ...others] = images;
    if (only !== undefined && others.length === 0) return only;
    throw new EcrpError(
      'USAGE',
      `${path} holds ${images.length} images; --image says which one to push, --all pushes each`,
      {
        hint: `Choose one of: ${listImages(images)}`,
      },
    );
  }
  const found = images.filter((image) => isMeant(image, wanted));
  const [image, ...more] = found;
  if (image === undefined) {
    throw new EcrpError('USAGE', `${path} holds no image named ${wanted}`, {
      hint: `It holds: ${listImages(images)}`,
    });
  }
  if (more.length > 0) {
    throw new EcrpError('USAGE', `${path} holds ${found.length} images that ${wanted} may mean`, {
      hint: `Give the name in full: ${listImages(found)}`,
    });
  }
  return image;
}

function isMeant(image: SourceImage, wanted: string): boolean {
  if (image.kind === 'manifest' && image.root.digest === wanted) return true;
  return image.names.some((name) => isSameName(name, wanted));
}

function listImages(images: readonly SourceImage[]): string {
  return listNames(images.map(nameImage));
}

function nameImage(image: SourceImage): string {
  if (image.names.length > 0) return listNames(image.names, ' = ');
  return image.kind === 'manifest' ? image.root.digest : '(an image without a name)';
}

/** Docker names mean the same with and without its default host, `library/` and the tag `latest`. */
function isSameName(name: string, wanted: string): boolean {
  return name === wanted || expandName(name) === expandName(wanted);
}

function expandName(name: string): string {
  const short = name.replace(/^(?:docker\.io|localhost)\//, '').replace(/^library\//, '');
  return /:[^/]*$|@/.test(short) ? short : `${short}:latest`;
}
