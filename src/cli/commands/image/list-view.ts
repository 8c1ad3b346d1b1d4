import type { DescribedImage, ImageDetail, ImageTagDetail } from '../../../ecr/images.ts';
import { listNames } from '../../../foreign-text.ts';
import { isImageConfig } from '../../../oci/config.ts';
import { DOCKER_MANIFEST, DOCKER_MANIFEST_LIST, OCI_INDEX, OCI_MANIFEST } from '../../../oci/media-types.ts';
import { formatBytes, formatLongTable, formatTime } from '../../format.ts';
import type { ResultMembers } from '../../output.ts';
import type { ImageColumns, KeptImage } from './image-columns.ts';

/** What a table shows of the image under a tag. */
interface ImageRow {
  readonly imageDigest: string;
  readonly sizeInBytes: number | undefined;
  /** Milliseconds since 1970. */
  readonly pushedAtMs: number | undefined;
  readonly kind: string;
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

/** How images are shown. */
export interface ImageListStyle {
  /** Pull address without tag; undefined if it is unknown. */
  readonly name: string | undefined;
  /** Columns of the terminal, if there is one. */
  readonly width: number | undefined;
}

/** Yields the lines of a table, the newest image first. */
export function viewImages(images: ImageColumns, { name, width }: ImageListStyle): Iterable<string> {
  const headings = ['DIGEST', 'TAGS', 'SIZE', 'PUSHED (UTC)', 'TYPE', ...(name ? ['PULL ADDRESS'] : [])];
  const rows = images.pick(images.listNewestFirst());
  return formatLongTable(
    headings,
    rows,
    ([, image]) => [
      image.imageDigest,
      listNames(image.imageTags),
      formatSize(image.sizeInBytes),
      formatTime(image.pushedAtMs),
      [nameMediaType(image.mediaType, image.artifactMediaType), image.imageStatus?.toLowerCase()]
        .filter(Boolean)
        .join(', '),
      ...(name === undefined ? [] : [formatAddress(name, image)]),
    ],
    width,
  );
}

/** Yields the lines of a table, the newest tag first. */
export function viewTagRows(rows: TagRow[], { name, width }: ImageListStyle): Iterable<string> {
  const readTime = ({ createdAtMs, image }: TagRow): number => createdAtMs ?? image?.pushedAtMs ?? 0;
  rows.sort((a, b) => readTime(b) - readTime(a));
  const address = (tag: string): string[] => (name === undefined ? [] : [`${name}:${tag}`]);
  if (rows.every(({ image }) => image === undefined)) {
    const headings = ['TAG', ...(name ? ['PULL ADDRESS'] : [])];
    return formatLongTable(headings, rows, ({ imageTag }) => [imageTag, ...address(imageTag)], width);
  }
  // Private ECR does not say when a tag was put on its image.
  const isDated = rows.some(({ createdAtMs }) => createdAtMs !== undefined);
  const headings = ['TAG', ...(isDated ? ['CREATED (UTC)'] : []), 'DIGEST', 'SIZE', 'PUSHED (UTC)', 'TYPE'];
  const toCells = (row: TagRow): readonly string[] => [
    row.imageTag,
    ...(isDated ? [formatTime(row.createdAtMs)] : []),
    row.image?.imageDigest ?? '',
    formatSize(row.image?.sizeInBytes),
    formatTime(row.image?.pushedAtMs),
    row.image?.kind ?? '',
    ...address(row.imageTag),
  ];
  return formatLongTable([...headings, ...(name ? ['PULL ADDRESS'] : [])], rows, toCells, width);
}

function formatSize(bytes: number | undefined): string {
  return bytes === undefined ? '' : formatBytes(bytes);
}

/** By the first tag, because that is how people pull; by digest without one. */
function formatAddress(name: string, { imageTags: [first], imageDigest }: KeptImage): string {
  return first === undefined ? `${name}@${imageDigest}` : `${name}:${first}`;
}

/** Members of an image for JSON, named as in the API. Times are RFC 3339. */
export function listImageMembers(image: ImageDetail): ResultMembers {
  const { registryId, repositoryName, imageTags } = image;
  const { imageStatus, lastRecordedPullTime, subjectManifestDigest } = image;
  return {
    registryId,
    repositoryName,
    ...(imageTags.length > 0 && { imageTags }),
    ...listDescribedMembers(image),
    imageStatus,
    lastRecordedPullTime: lastRecordedPullTime?.toISOString(),
    subjectManifestDigest,
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
