import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, mkdirSync, renameSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ImageTarget } from '../../src/ends/image-target.ts';
import { EcrpError } from '../../src/errors.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';

const TAG = 'org.opencontainers.image.ref.name';

interface LayoutIndex {
  readonly schemaVersion: 2;
  readonly manifests: readonly (Descriptor & { readonly annotations?: Record<string, string> })[];
}

/**
 * Opens a directory as a target that receives images as an OCI layout. It proves that the engine does not depend on ECR: a blob is one
 * file without parts, and no upload is resumed.
 */
export function layoutTarget(directory: string): ImageTarget {
  const locate = (digest: Digest): string =>
    join(directory, 'blobs', 'sha256', digest.slice('sha256:'.length));
  const readIndex = async (): Promise<LayoutIndex> =>
    JSON.parse(await readFile(join(directory, 'index.json'), 'utf8'));
  const findTagged = async (tag: string): Promise<Digest | undefined> =>
    (await readIndex()).manifests.find(({ annotations }) => annotations?.[TAG] === tag)?.digest;
  let writes: Promise<void> = Promise.resolve();

  return {
    limits: { service: 'an OCI layout' },
    async findAvailable(digests) {
      if (!existsSync(join(directory, 'index.json'))) throw new EcrpError('NOT_FOUND', 'no layout');
      return new Set(digests.filter((digest) => existsSync(locate(digest))));
    },
    async createRepository() {
      mkdirSync(join(directory, 'blobs', 'sha256'), { recursive: true });
      await writeFile(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
      await writeFile(join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [] }));
      return true;
    },
    async uploadBlob(blob, { onEvent }, signal) {
      const reading = blob.open(0);
      const hash = createHash('sha256');
      let size = 0;
      async function* measure(): AsyncGenerator<Buffer> {
        for await (const chunk of reading.bytes) {
          hash.update(chunk);
          size += chunk.length;
          // The chunk's memory may be reused before it is written.
          yield Buffer.from(chunk);
        }
      }
      const temporary = join(directory, `${blob.id.slice('sha256:'.length)}.part`);
      await pipeline(measure, createWriteStream(temporary), { signal });
      const digest: Digest = `sha256:${hash.digest('hex')}`;
      const content = reading.finish();
      if (content.digest !== digest) throw new EcrpError('INVALID_INPUT', `${blob.id} is damaged`);
      renameSync(temporary, locate(digest));
      onEvent({ kind: 'blob-progress', id: blob.id, acknowledgedBytes: size });
      onEvent({ kind: 'blob-sent', id: blob.id, bytes: size });
      return { outcome: 'uploaded', content, resumedBytes: 0 };
    },
    async putManifest({ bytes, mediaType, digest, tag }) {
      const isThere = existsSync(locate(digest)) && (tag === undefined || (await findTagged(tag)) === digest);
      await writeFile(locate(digest), bytes);
      writes = writes.then(async () => {
        if (tag === undefined) return;
        const { manifests } = await readIndex();
        const others = manifests.filter(({ annotations }) => annotations?.[TAG] !== tag);
        const tagged = { mediaType, digest, size: bytes.length, annotations: { [TAG]: tag } };
        const index = { schemaVersion: 2, manifests: [...others, tagged] };
        await writeFile(join(directory, 'index.json'), JSON.stringify(index));
      });
      await writes;
      return isThere ? { kind: 'unchanged' } : { kind: 'put', registryId: undefined };
    },
    locateTag: findTagged,
    glanceAtTag: findTagged,
    async openReader() {
      return {
        name: directory,
        async readManifest(reference) {
          const digest = reference.startsWith('sha256:')
            ? (reference as Digest)
            : await findTagged(reference);
          if (digest === undefined || !existsSync(locate(digest))) return undefined;
          const bytes = await readFile(locate(digest));
          return { bytes, digest: digestOf(bytes), mediaType: JSON.parse(bytes.toString()).mediaType ?? '' };
        },
        openBlob: async (digest) =>
          existsSync(locate(digest)) ? createReadStream(locate(digest)) : undefined,
      };
    },
  };
}
