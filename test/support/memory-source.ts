import type { ArchiveImage, BlobRef, ImageSource } from '../../src/ends/image-source.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import type { GeneratedImage, GeneratedIndex } from './images.ts';
import { readChunks } from './memory-blob.ts';

export interface MemorySource extends ImageSource {
  /** Bytes by digest, or by entry name of a docker-archive. */
  readonly contents: Map<string, Buffer>;
  /** Names of all blobs read, in order. */
  readonly reads: string[];
}

/** Makes a source whose blobs are in memory. */
export function memorySource(contents: Map<string, Buffer>, path = 'memory'): MemorySource {
  const reads: string[] = [];
  const nameOf = (ref: BlobRef): string => (ref.kind === 'digest' ? ref.digest : ref.name);
  return {
    path,
    format: 'oci-layout',
    images: [],
    contents,
    reads,
    has: (ref) => contents.has(nameOf(ref)),
    open: (ref, start) => {
      reads.push(nameOf(ref));
      return readChunks(contents.get(nameOf(ref))?.subarray(start) ?? Buffer.alloc(0), 4096);
    },
    close: async () => {},
  };
}

/** Makes the source of an OCI layout with these roots. */
export function layoutSource(roots: readonly (GeneratedImage | GeneratedIndex)[]): MemorySource {
  const contents = new Map<Digest, Buffer>();
  const add = (root: GeneratedImage | GeneratedIndex): void => {
    contents.set(root.descriptor.digest, root.manifest);
    if ('children' in root) {
      root.children.forEach(add);
      return;
    }
    contents.set(digestOf(root.config), root.config);
    for (const layer of root.layers) contents.set(layer.descriptor.digest, layer.bytes);
  };
  roots.forEach(add);
  return memorySource(contents);
}

/** Makes a docker-archive of one image. `packed`: its layers are compressed as in the OCI layout. */
export function archiveSource(image: GeneratedImage, packed = false): [MemorySource, ArchiveImage] {
  const source = memorySource(new Map());
  const layers = image.layers.map(({ tar, bytes, diffId }, position) => {
    const content = packed ? bytes : tar;
    const name = `${position}/layer.tar`;
    source.contents.set(name, content);
    const ref = { kind: 'entry', name, size: content.length } as const;
    return { diffId, ref, compression: packed ? ('gzip' as const) : ('none' as const) };
  });
  return [source, { kind: 'archive', names: [], config: image.config, layers }];
}
