import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { describeValue, expectObject, expectString, invalidInput, isObject, parseJson } from '../oci/json.ts';
import { MAX_MANIFEST_BYTES, parseIndexObject } from '../oci/manifest.ts';
import { OCI_INDEX } from '../oci/media-types.ts';
import { type FileStore, readStoredFile } from './file-store.ts';
import type { ManifestImage } from './image-source.ts';

export const LAYOUT_FILE = 'oci-layout';
export const INDEX_FILE = 'index.json';

/** The name of an image in `index.json`: containerd's and Docker's whole name, else the OCI's, which may be a tag alone. */
const NAME_ANNOTATIONS = ['io.containerd.image.name', 'org.opencontainers.image.ref.name'];

/** Where a blob lies in an OCI image layout. */
export function nameBlob(digest: Digest): string {
  return `blobs/sha256/${digest.slice('sha256:'.length)}`;
}

/**
 * Reads the images of an OCI image layout: the entries of `index.json` in their order, those of one digest as one image with
 * several names. Throws INVALID_INPUT when there is none or the layout is malformed.
 */
export async function readOciLayout(store: FileStore): Promise<readonly ManifestImage[]> {
  await assertLayoutVersion(store);
  const subject = `${store.path}: ${INDEX_FILE}`;
  const bytes = await readStoredFile(store, INDEX_FILE, MAX_MANIFEST_BYTES);
  const object = expectObject(parseJson(bytes, subject, MAX_MANIFEST_BYTES), subject, 'the document');
  const { manifests } = parseIndexObject(object, OCI_INDEX, subject);
  if (manifests.length === 0) throw invalidInput(subject, 'it lists no image');
  const images = new Map<Digest, { root: Descriptor; names: Set<string> }>();
  for (const root of manifests) {
    const image = images.get(root.digest) ?? { root, names: new Set() };
    if (image.root.size !== root.size || image.root.mediaType !== root.mediaType) {
      throw invalidInput(subject, `its entries for ${root.digest} differ in size or media type`);
    }
    const name = NAME_ANNOTATIONS.map((key) => root.annotations?.[key]).find((text) => text);
    if (name !== undefined) image.names.add(name);
    images.set(root.digest, image);
  }
  return [...images.values()].map(({ root, names }) => ({ kind: 'manifest', root, names: [...names] }));
}

async function assertLayoutVersion(store: FileStore): Promise<void> {
  const subject = `${store.path}: ${LAYOUT_FILE}`;
  const maxBytes = 64 * 1024;
  const layout = parseJson(await readStoredFile(store, LAYOUT_FILE, maxBytes), subject, maxBytes);
  const version = isObject(layout) ? layout.imageLayoutVersion : undefined;
  if (!expectString(version, subject, 'imageLayoutVersion').startsWith('1.')) {
    throw invalidInput(subject, `imageLayoutVersion is ${describeValue(version)}; version 1 is read`);
  }
}
