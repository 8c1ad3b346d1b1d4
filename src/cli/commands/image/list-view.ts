import type { DescribedImage, ImageDetail, ImageTagDetail } from '../../../ecr/images.ts';
import { listNames } from '../../../foreign-text.ts';
import { isImageConfig } from '../../../oci/config.ts';
import { DOCKER_MANIFEST, DOCKER_MANIFEST_LIST, OCI_INDEX, OCI_MANIFEST } from '../../../oci/media-types.ts';
import { formatBytes, formatLongTable, formatTime } from '../../format.ts';
import type { ResultMembers } from '../../output.ts';

/** What a table shows of an image. */
interface ImageRow {
  readonly imageDigest: string;
  readonly sizeInBytes: number | undefined;
  /** Milliseconds since 1970. */
  readonly pushedAtMs: number | undefined;
  readonly kind: string;
}

const DIGEST_BYTES = 32;

/** The rows of a table of images, in columns: 100,000 objects would take several times the memory. */
export class ImageRows {
  #digests = Buffer.alloc(1024 * DIGEST_BYTES);
  /** NaN: unknown. */
  readonly #sizes: number[] = [];
  readonly #times: number[] = [];
  readonly #tags: string[] = [];
  readonly #kinds: string[] = [];

  get count(): number {
    return this.#times.length;
  }

  add(image: ImageDetail): void {
    const { imageDigest, sizeInBytes, pushedAtMs, kind } = compactDescribed(image);
    const start = this.count * DIGEST_BYTES;
    if (start >= this.#digests.length) {
      this.#digests = Buffer.concat([this.#digests], 2 * this.#digests.length);
    }
    this.#digests.write(imageDigest.replace('sha256:', ''), start, 'hex');
    this.#sizes.push(sizeInBytes ?? Number.NaN);
    this.#times.push(pushedAtMs ?? Number.NaN);
    this.#tags.push(listNames(image.imageTags));
    this.#kinds.push(kind);
  }

  /** Lists the positions of the rows, the newest image first. */
  sort(): Uint32Array {
    const times = this.#times;
    const timeOf = (position: number): number => times[position] || 0;
    return Uint32Array.from(times.keys()).sort((a, b) => timeOf(b) - timeOf(a));
  }

  describe(position: number): ImageRow & { readonly tags: string } {
    const start = position * DIGEST_BYTES;
    return {
      imageDigest: `sha256:${this.#digests.toString('hex', start, start + DIGEST_BYTES)}`,
      sizeInBytes: readKnown(this.#sizes[position]),
      pushedAtMs: readKnown(this.#times[position]),
      tags: this.#tags[position] ?? '',
      kind: this.#kinds[position] ?? '',
    };
  }
}

function readKnown(value: number | undefined): number | undefined {
  return Number.isNaN(value) ? undefined : value;
}

/** What a table shows of a tag. Without `image`, the registry says no more than the name. */
export interface TagRow {
  readonly imageTag: string;
  /** Milliseconds since 1970. */
  readonly createdAtMs?: number | undefined;
  readonly image?: ImageRow | undefined;
}

export function compactTag({ imageTag, createdAt, imageDetail }: ImageTagDetail): TagRow {
  return {
    imageTag,
    createdAtMs: createdAt?.getTime(),
    image: imageDetail && compactDescribed(imageDetail),
  };
}

function compactDescribed(image: DescribedImage): ImageRow {
  return {
    imageDigest: image.imageDigest,
    sizeInBytes: image.imageSizeInBytes,
    pushedAtMs: image.imagePushedAt?.getTime(),
    kind: nameMediaType(image.imageManifestMediaType, image.artifactMediaType),
  };
}

const KINDS: Readonly<Record<string, string>> = {
  [DOCKER_MANIFEST]: 'docker image',
  [DOCKER_MANIFEST_LIST]: 'docker index',
  [OCI_MANIFEST]: 'oci image',
  [OCI_INDEX]: 'oci index',
};

/** Short name of a media type. An artifact that is no image has the type of its config. */
export function nameMediaType(mediaType = '', artifactMediaType: string | undefined): string {
  const isArtifact = artifactMediaType !== undefined && !isImageConfig(artifactMediaType);
  return isArtifact ? artifactMediaType : (KINDS[mediaType] ?? mediaType);
}

/** Yields the lines of a table, the newest image first. `name` is the pull address without tag; undefined if it is unknown. */
export function viewImageRows(rows: ImageRows, name: string | undefined): Iterable<string> {
  const headings = ['DIGEST', 'TAGS', 'SIZE', 'PUSHED (UTC)', 'TYPE', ...(name ? ['PULL ADDRESS'] : [])];
  return formatLongTable(headings, rows.sort(), (position) => {
    const { imageDigest, tags, sizeInBytes, pushedAtMs, kind } = rows.describe(position);
    const address = name === undefined ? [] : [formatAddress(name, tags, imageDigest)];
    return [imageDigest, tags, formatSize(sizeInBytes), formatTime(pushedAtMs), kind, ...address];
  });
}

/** Yields the lines of a table, the newest tag first. `name` as in `viewImageRows`. */
export function viewTagRows(rows: TagRow[], name: string | undefined): Iterable<string> {
  rows.sort((a, b) => (b.createdAtMs ?? 0) - (a.createdAtMs ?? 0));
  const address = (tag: string): string[] => (name === undefined ? [] : [`${name}:${tag}`]);
  if (rows.every(({ image }) => image === undefined)) {
    const headings = ['TAG', ...(name ? ['PULL ADDRESS'] : [])];
    return formatLongTable(headings, rows, ({ imageTag }) => [imageTag, ...address(imageTag)]);
  }
  const headings = ['TAG', 'CREATED (UTC)', 'DIGEST', 'SIZE', 'PUSHED (UTC)', 'TYPE'];
  return formatLongTable([...headings, ...(name ? ['PULL ADDRESS'] : [])], rows, (row) => [
    row.imageTag,
    formatTime(row.createdAtMs),
    row.image?.imageDigest ?? '',
    formatSize(row.image?.sizeInBytes),
    formatTime(row.image?.pushedAtMs),
    row.image?.kind ?? '',
    ...address(row.imageTag),
  ]);
}

function formatSize(bytes: number | undefined): string {
  return bytes === undefined ? '' : formatBytes(bytes);
}

/** By the first tag, because that is how people pull; by digest without one. */
function formatAddress(name: string, tags: string, imageDigest: string): string {
  const [first = ''] = tags.split(', ', 1);
  return first === '' ? `${name}@${imageDigest}` : `${name}:${first}`;
}

/** Members of an image for JSON, named as in the API. Times are RFC 3339. */
export function listImageMembers(image: ImageDetail): ResultMembers {
  const { registryId, repositoryName, imageTags } = image;
  return {
    registryId,
    repositoryName,
    ...(imageTags.length > 0 && { imageTags }),
    ...listDescribedMembers(image),
  };
}

export function listTagMembers({ imageTag, createdAt, imageDetail }: ImageTagDetail): ResultMembers {
  return {
    imageTag,
    createdAt: createdAt?.toISOString(),
    imageDetail: imageDetail && listDescribedMembers(imageDetail),
  };
}

function listDescribedMembers(image: DescribedImage): ResultMembers {
  const { imageDigest, imageSizeInBytes, imagePushedAt, imageManifestMediaType, artifactMediaType } = image;
  return {
    imageDigest,
    imageSizeInBytes,
    imagePushedAt: imagePushedAt?.toISOString(),
    imageManifestMediaType,
    artifactMediaType,
  };
}
