import { isObject, type JsonObject } from '../json.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { describeValue, expectObject, expectString, invalidInput, parseJson } from '../oci/json.ts';
import { MAX_MANIFEST_BYTES, parseIndexObject } from '../oci/manifest.ts';
import { OCI_INDEX } from '../oci/media-types.ts';
import { type FileStore, readStoredFile } from './file-store.ts';
import type { ManifestImage } from './image-source.ts';

export const LAYOUT_FILE = 'oci-layout';
export const INDEX_FILE = 'index.json';

/** The name of an image in `index.json`: containerd's and Docker's whole name, else the OCI's, which may be a tag alone. */
export const NAME_ANNOTATIONS = ['io.containerd.image.name', 'org.opencontainers.image.ref.name'];

/** Where a blob lies in an OCI image layout. */
export function nameBlob(digest: Digest): string {
  return `blobs/sha256/${digest.slice('sha256:'.length)}`;
}

/** What `index.json` says. */
export interface LayoutIndex {
  /** Those of one digest as one image with several names, in their order. */
  readonly images: readonly ManifestImage[];
  readonly document: JsonObject;
  readonly bytes: Buffer;
}

/** Reads the `index.json` of an OCI image layout, which may list nothing. Throws INVALID_INPUT when the layout is malformed. */
export async function readLayoutIndex(store: FileStore): Promise<LayoutIndex> {
  await assertLayoutVersion(store);
  const subject = `${store.path}: ${INDEX_FILE}`;
  const bytes = await readStoredFile(store, INDEX_FILE, MAX_MANIFEST_BYTES);
  const document = expectObject(parseJson(bytes, subject, MAX_MANIFEST_BYTES), subject, 'the document');
  const images = new Map<Digest, { root: Descriptor; names: Set<string> }>();
  for (const root of parseIndexObject(document, OCI_INDEX, subject).manifests) {
    const image = images.get(root.digest) ?? { root, names: new Set() };
    if (image.root.size !== root.size || image.root.mediaType !== root.mediaType) {
      throw invalidInput(subject, `its entries for ${root.digest} differ in size or media type`);
    }
    const name = NAME_ANNOTATIONS.map((key) => root.annotations?.[key]).find((text) => text);
    if (name !== undefined) image.names.add(name);
    images.set(root.digest, image);
  }
  return {
    images: [...images.values()].map(({ root, names }) => ({ kind: 'manifest', root, names: [...names] })),
    document,
    bytes,
  };
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
