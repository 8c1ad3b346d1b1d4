import type { ImageDetail } from '../../../ecr/images.ts';
import { isDigest } from '../../../oci/digest.ts';
import type { RetainableImage, RetainableImages } from '../../../retention/rules.ts';
import { eachItem } from './each-item.ts';

/** What a table or a decision needs of an image. */
export interface KeptImage extends RetainableImage {
  readonly sizeInBytes: number | undefined;
  readonly artifactMediaType: string | undefined;
  /** Of private ECR, where it is not `ACTIVE`. */
  readonly imageStatus: string | undefined;
}

const PREFIX = 'sha256:';
const DIGEST_BYTES = 32;

/**
 * The images of a repository, in the order in which they were added. It keeps them in columns, and makes the object of an image when it is
 * asked for: 100,000 objects would take several times the memory.
 */
export class ImageColumns implements RetainableImages {
  #digests = Buffer.alloc(1024 * DIGEST_BYTES);
  /** Digests of another kind than sha256, by position. */
  readonly #otherDigests = new Map<number, string>();
  /** Most images have one tag: that is no list. */
  readonly #tags: (string | readonly string[])[] = [];
  /** NaN: unknown. */
  readonly #sizes: number[] = [];
  readonly #times: number[] = [];
  readonly #mediaTypes: (string | undefined)[] = [];
  readonly #artifactMediaTypes: (string | undefined)[] = [];
  /** By position. Few images are archived. */
  readonly #statuses = new Map<number, string>();
  /** Each text once. Every image of an answer brings its own. */
  readonly #texts = new Map<string, string>();

  get length(): number {
    return this.#tags.length;
  }

  add(image: ImageDetail): void {
    this.#addDigest(image.imageDigest);
    const { imageTags, imageStatus = 'ACTIVE' } = image;
    if (imageStatus !== 'ACTIVE') this.#statuses.set(this.length, imageStatus);
    const [first] = imageTags;
    this.#tags.push(first !== undefined && imageTags.length === 1 ? first : imageTags);
    this.#sizes.push(image.imageSizeInBytes ?? Number.NaN);
    this.#times.push(image.imagePushedAt?.getTime() ?? Number.NaN);
    this.#mediaTypes.push(this.#share(image.imageManifestMediaType));
    this.#artifactMediaTypes.push(this.#share(image.artifactMediaType));
  }

  at(position: number): KeptImage | undefined {
    const tags = this.#tags[position];
    if (tags === undefined) return undefined;
    return {
      imageDigest: this.#otherDigests.get(position) ?? this.#readDigest(position),
      imageTags: typeof tags === 'string' ? [tags] : tags,
      sizeInBytes: readKnown(this.#sizes[position]),
      pushedAtMs: readKnown(this.#times[position]),
      mediaType: this.#mediaTypes[position],
      artifactMediaType: this.#artifactMediaTypes[position],
      imageStatus: this.#statuses.get(position),
    };
  }

  entries(): Iterable<[number, KeptImage]> {
    return this.#yieldAt(this.#tags.keys());
  }

  /** The images at some positions. Makes their objects whenever it is iterated. */
  pick(positions: Iterable<number>): Iterable<[number, KeptImage]> {
    return { [Symbol.iterator]: () => this.#yieldAt(positions) };
  }

  /** Lists the positions, the newest image first. */
  listNewestFirst(): Uint32Array {
    const times = this.#times;
    const timeOf = (position: number): number => times[position] || 0;
    return Uint32Array.from(times.keys()).sort((a, b) => timeOf(b) - timeOf(a));
  }

  *#yieldAt(positions: Iterable<number>): Generator<[number, KeptImage]> {
    for (const position of positions) {
      const image = this.at(position);
      if (image !== undefined) yield [position, image];
    }
  }

  #addDigest(digest: string): void {
    const start = this.length * DIGEST_BYTES;
    if (start >= this.#digests.length) {
      this.#digests = Buffer.concat([this.#digests], 2 * this.#digests.length);
    }
    if (isDigest(digest)) this.#digests.write(digest.slice(PREFIX.length), start, 'hex');
    else this.#otherDigests.set(this.length, digest);
  }

  #readDigest(position: number): string {
    const start = position * DIGEST_BYTES;
    return PREFIX + this.#digests.toString('hex', start, start + DIGEST_BYTES);
  }

  #share(text: string | undefined): string | undefined {
    if (text === undefined) return undefined;
    const shared = this.#texts.get(text);
    if (shared === undefined) this.#texts.set(text, text);
    return shared ?? text;
  }
}

/** Keeps the images of all pages. */
export async function collectImages(pages: AsyncIterable<readonly ImageDetail[]>): Promise<ImageColumns> {
  const images = new ImageColumns();
  for await (const image of eachItem(pages)) images.add(image);
  return images;
}

function readKnown(value: number | undefined): number | undefined {
  return Number.isNaN(value) ? undefined : value;
}
