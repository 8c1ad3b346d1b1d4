import type { Descriptor } from './descriptor.ts';
import type { Digest } from './digest.ts';
import { IMAGE_NAME, REF_NAME } from './image-layout.ts';
import { parseIndexDocument, rebuildIndex } from './index-document.ts';
import { OCI_INDEX } from './media-types.ts';

/** An image in the index of a layout. */
export interface LayoutImage {
  readonly root: Pick<Descriptor, 'mediaType' | 'digest' | 'size'>;
  /** Undefined: the image is there by its digest alone. */
  readonly name: LayoutName | undefined;
}

export interface LayoutName {
  readonly imageTag: string;
  /** `HOST/REPOSITORY:TAG` */
  readonly fullName: string;
}

/** The index of a layout without images. */
export function makeEmptyIndex(): Buffer {
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] }));
}

/** The digest of the image that has a tag in the index of a layout. Throws INVALID_INPUT for a document that is no index. */
export function findNamedImage(index: Buffer, name: LayoutName, origin: string): Digest | undefined {
  const { entries } = parseIndexDocument(index, OCI_INDEX, origin);
  return entries.find(({ descriptor }) => hasName(descriptor, name))?.descriptor.digest;
}

/**
 * Adds an image to the index of a layout. It takes the place of the entry with its tag, and of its own entry without a name. The other entries,
 * annotations and unknown members stay. Returns the same bytes if nothing changes. Throws INVALID_INPUT for a document that is no index.
 * @param origin Named in the message: the path of the layout.
 */
export function listImage(index: Buffer, { root, name }: LayoutImage, origin: string): Buffer {
  const document = parseIndexDocument(index, OCI_INDEX, origin);
  const { mediaType, digest, size } = root;
  const isThere = document.entries.some(({ descriptor }) => descriptor.digest === digest);
  if (name === undefined && isThere) return index;
  const others = document.entries.filter(({ descriptor }) => {
    const isUnnamed = descriptor.annotations?.[REF_NAME] === undefined;
    return !(isUnnamed ? descriptor.digest === digest : name && hasName(descriptor, name));
  });
  const annotations = name && { [IMAGE_NAME]: name.fullName, [REF_NAME]: name.imageTag };
  const descriptor = { mediaType, digest, size, ...(annotations && { annotations }) };
  return rebuildIndex(document, [...others, { descriptor }]).bytes;
}

function hasName({ annotations }: Descriptor, { imageTag, fullName }: LayoutName): boolean {
  const name = annotations?.[REF_NAME];
  return name === imageTag || name === fullName;
}
