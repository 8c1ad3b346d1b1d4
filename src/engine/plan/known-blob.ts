import type { AbsentBlob, KnownBlob, StoredBlob } from '../../ends/blob.ts';
import type { BlobRef, ImageSource, SentLayer } from '../../ends/image-source.ts';
import { EcrpError } from '../../errors.ts';
import type { Content } from '../../oci/descriptor.ts';
import { checkLayerEnd } from './layer-end.ts';

/** Plans a blob that is sent as the source has it, under a known digest. `compression`: how a compressed layer is compressed. */
export function planKnownBlob(
  source: ImageSource,
  role: KnownBlob['role'],
  content: Content,
  ref: BlobRef = { kind: 'digest', ...content },
  compression?: 'gzip' | 'zstd',
): KnownBlob | StoredBlob | AbsentBlob {
  const { digest: id } = content;
  const open = (start: number): AsyncIterable<Buffer> => {
    const bytes = source.open(ref, start, { transient: true });
    // What a registry holds is copied as it is.
    if (compression === undefined || source.isRemote) return bytes;
    return checkLayerEnd(bytes, compression, start, `${source.path}: layer ${id}`);
  };
  const known: KnownBlob = {
    kind: 'known',
    id,
    role,
    content,
    ...(source.isRemote && { isRemote: true }),
    open: (start) => ({ bytes: open(start), finish: () => content }),
  };
  const sent = source.findSent?.(ref);
  if (sent !== undefined) {
    checkSentAsIs(source, sent, content);
    return markStored(known, sent);
  }
  return source.has(ref) ? known : { kind: 'absent', id, role, content };
}

/** A layer that was sent while the source arrived; `again` is the same layer as the source has it. */
export function markStored(again: StoredBlob['again'], sent: SentLayer): StoredBlob {
  const { content, outcome, resumedBytes } = sent;
  return { kind: 'stored', id: again.id, role: 'layer', content, outcome, resumedBytes, again };
}

/** Throws when the layer is not what was sent of it while the source arrived. */
function checkSentAsIs(source: ImageSource, { compressorId, content }: SentLayer, { digest }: Content): void {
  if (compressorId !== undefined) {
    throw new EcrpError(
      'UNAVAILABLE',
      `${source.path}: the layer ${digest} must stay uncompressed, but was compressed before the archive said so`,
      { hint: 'Give --compression none, or write the archive into a file and push that.' },
    );
  }
  if (content.digest !== digest) {
    throw new EcrpError(
      'INVALID_INPUT',
      `${source.path}: a layer has the digest ${content.digest}, but should have ${digest}`,
      { hint: 'The archive is damaged or was changed; save the image again.' },
    );
  }
}

/** Plans a blob that is in memory: the config of a docker-archive. */
export function planMemoryBlob(role: KnownBlob['role'], content: Content, bytes: Buffer): KnownBlob {
  return {
    kind: 'known',
    id: content.digest,
    role,
    content,
    open: (start) => ({ bytes: yieldOnce(bytes.subarray(start)), finish: () => content }),
  };
}

async function* yieldOnce(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
