import type { BlobRef, ImageSource } from '../ends/image-source.ts';
import { type ArtifactParts, buildArtifact, EMPTY_CONFIG } from '../oci/build-artifact.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { invalidInput } from '../oci/json.ts';
import { type ByteFile, openByteFile, streamRange } from './byte-file.ts';
import { addBlobs } from './source-blobs.ts';
import { digestBytes } from './source-store.ts';

/** A plain file that becomes a layer of an artifact. */
export interface ArtifactFile {
  readonly path: string;
  readonly mediaType: string;
  /** The path under which it is pulled. */
  readonly title: string;
}

/** What becomes an artifact. */
export interface ArtifactInput extends Omit<ArtifactParts, 'layers'> {
  readonly files: readonly ArtifactFile[];
}

interface ReadFile {
  readonly path: string;
  readonly size: number;
  readonly identity: string | undefined;
}

/**
 * Makes the source of one artifact out of plain files. Reads each file once for its digest, and again when it is sent, without holding it in
 * memory. Throws INVALID_INPUT for a file that cannot be read, or that changes in between.
 */
export async function openArtifactFiles(
  { files, ...parts }: ArtifactInput,
  signal?: AbortSignal,
): Promise<ImageSource> {
  const found = new Map<Digest, ReadFile>();
  const layers = [];
  for (const { path, mediaType, title } of files) {
    const { digest, file } = await readFile(path, signal);
    found.set(digest, file);
    layers.push({ mediaType, digest, size: file.size, title });
  }
  const { bytes, digest, mediaType } = buildArtifact({ ...parts, layers });
  const root = { mediaType, digest, size: bytes.length, artifactType: parts.artifactType };
  const find = (ref: BlobRef): ReadFile | undefined =>
    ref.kind === 'digest' ? found.get(ref.digest) : undefined;
  const source: ImageSource = {
    path: 'the artifact',
    format: 'oci-layout',
    images: [{ kind: 'manifest', names: [], root }],
    has: (ref) => find(ref) !== undefined,
    async *open(ref, start, hints) {
      const file = find(ref);
      if (file === undefined) throw invalidInput('the artifact', 'a blob is missing');
      const opened = openByteFile(file.path, { followLinks: true });
      try {
        assertSame(opened, file);
        yield* streamRange(opened, start, file.size, file.path, hints);
      } finally {
        opened.close();
      }
    },
    close: async () => {},
  };
  return addBlobs(
    source,
    new Map([
      [digest, bytes],
      [digestOf(EMPTY_CONFIG), EMPTY_CONFIG],
    ]),
  );
}

async function readFile(
  path: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly digest: Digest; readonly file: ReadFile }> {
  const opened = openByteFile(path, { followLinks: true });
  try {
    const { size, identity } = opened;
    const chunks = streamRange(opened, 0, size, path, { transient: true });
    return { digest: await digestBytes(stopOnAbort(chunks, signal)), file: { path, size, identity } };
  } finally {
    opened.close();
  }
}

async function* stopOnAbort(
  chunks: AsyncIterable<Buffer>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    signal?.throwIfAborted();
    yield chunk;
  }
}

function assertSame(opened: ByteFile, { path, identity }: ReadFile): void {
  if (opened.identity === identity) return;
  throw invalidInput(path, 'it changed while it was pushed', {
    hint: 'Wait until it is written completely, then run the command again.',
  });
}
