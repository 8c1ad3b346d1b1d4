import { EcrpError } from '../errors.ts';
import type { Content } from '../oci/descriptor.ts';
import type { BlobRef, ImageSource } from '../source/image-source.ts';
import { checkLayerEnd } from './layer-end.ts';
import type { PlannedBlob, SentBlob } from './push-plan.ts';

/** A blob of the source that goes up as it is, under a digest that is known; `packing` is that of a packed layer. */
export function planKnownBlob(
  source: ImageSource,
  role: PlannedBlob['role'],
  content: Content,
  ref: BlobRef = { kind: 'digest', ...content },
  packing?: 'gzip' | 'zstd',
): PlannedBlob {
  const open = (start: number): AsyncIterable<Buffer> => {
    const bytes = source.open(ref, start, { transient: true });
    if (packing === undefined) return bytes;
    return checkLayerEnd(bytes, packing, start, `${source.path}: layer ${content.digest}`);
  };

  return {
    id: content.digest,
    role,
    content,
    expected: content,
    sourceBytes: content.size,
    sent: findSentAsIs(source, ref, content),
    present: source.has(ref),
    open: (start) => ({ bytes: open(start), finish: () => content }),
    record: async () => {},
  };
}

/** Throws when the layer is not what was sent of it while the source arrived. */
function findSentAsIs(source: ImageSource, ref: BlobRef, { digest }: Content): SentBlob | undefined {
  const sent = source.findSent?.(ref);
  if (sent === undefined) return undefined;
  if (sent.encoding !== undefined) {
    throw new EcrpError(
      'UNAVAILABLE',
      `${source.path}: the layer ${digest} is uncompressed and to stay so, which was seen only when it had gone by`,
      { hint: 'Give --compression none, or write the archive into a file and push that.' },
    );
  }
  if (sent.content.digest !== digest) {
    throw new EcrpError(
      'INVALID_INPUT',
      `${source.path}: a layer has the digest ${sent.content.digest}, but should have ${digest}`,
      { hint: 'The archive is damaged or was changed; save the image again.' },
    );
  }
  return sent;
}

/** A blob that is in memory: the config of a docker-archive. */
export function planMemoryBlob(role: PlannedBlob['role'], content: Content, bytes: Buffer): PlannedBlob {
  return {
    id: content.digest,
    role,
    content,
    expected: content,
    sourceBytes: bytes.length,
    present: true,
    open: (start) => ({ bytes: yieldOnce(bytes.subarray(start)), finish: () => content }),
    record: async () => {},
  };
}

async function* yieldOnce(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
