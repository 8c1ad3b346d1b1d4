import type { Content } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';

/** A blob of an image as a push plans it. The kinds differ in what is known before its bytes are read. */
export type PlannedBlob = KnownBlob | DerivedBlob | StoredBlob | AbsentBlob;

/** A blob whose bytes the source can give. */
export type OutgoingBlob = KnownBlob | DerivedBlob | ArrivingBlob;

interface NamedBlob {
  /** The digest, or the diff ID of a layer whose digest is known only after the last byte. */
  readonly id: Digest;
  readonly role: 'config' | 'layer';
}

/** A blob that is sent as the source has it, under a digest that the source states. */
export interface KnownBlob extends NamedBlob {
  readonly kind: 'known';
  readonly content: Content;
  /** As in `ImageSource`: a dry run does not read it. */
  readonly isRemote?: true;
  /** Reads from byte `start` to the end, any number of times. */
  open(start: number): BlobReading;
}

/**
 * A layer of a docker-archive. The digest of what is sent is known after the last byte: the layer is compressed on the way, or
 * the archive names it by its diff ID alone.
 */
export interface DerivedBlob extends NamedBlob {
  readonly kind: 'derived';
  readonly role: 'layer';
  /** Identifies how the bytes that are sent follow from those with the diff ID; part of a saved upload's key. */
  readonly compressorId: string;
  /** What an earlier push sent: good enough to ask whether the target has it. */
  readonly expected: Content | undefined;
  /** What the source says it is. If the target has that, reading the blob shows whether it is true. */
  readonly stated?: Content | undefined;
  /** Bytes in the source. At most this many are sent, plus the frame of a compressor. */
  readonly sourceBytes: number;
  /** Reads from byte `start` to the end, any number of times, each time the same bytes. */
  open(start: number): BlobReading;
  /** Keeps the outcome for later pushes. */
  record(content: Content): Promise<void>;
}

/** A layer of a source that is read once, forwards. It cannot be opened before the byte that was read last. */
export interface ArrivingBlob extends NamedBlob {
  readonly kind: 'arriving';
  readonly role: 'layer';
  /** As in `DerivedBlob`; undefined when the layer is sent as it is. */
  readonly compressorId: string | undefined;
  /** What the entry's name or an earlier push states about what is sent. */
  readonly expected: Content | undefined;
  /** Whether `id` is a digest or diff ID that the source states, so that its upload can be resumed. Otherwise `id` is made up. */
  readonly isNamed: boolean;
  /** Bytes in the source. */
  readonly sourceBytes: number;
  open(start: number): BlobReading;
  /** Reads what is left of the entry, and keeps the outcome for later pushes. */
  record(content: Content): Promise<void>;
}

/** A layer that the target received, or already had, while the source arrived. */
export interface StoredBlob extends NamedBlob {
  readonly kind: 'stored';
  readonly role: 'layer';
  readonly content: Content;
  /** `existing`: the target already had it. */
  readonly outcome: 'uploaded' | 'existing';
  /** Bytes that an interrupted push had sent before. */
  readonly resumedBytes: number;
  /** The same blob, in case the target loses it. Reading may fail: the bytes may be gone. */
  readonly again: KnownBlob | DerivedBlob;
}

/** A blob that the source lacks. The target may have it. */
export interface AbsentBlob extends NamedBlob {
  readonly kind: 'absent';
  readonly content: Content;
}

/** One reading of a blob. */
export interface BlobReading {
  /**
   * Bytes to be sent. A chunk is valid until the next one is requested. Throws INVALID_INPUT when they are not what the source
   * states.
   */
  readonly bytes: AsyncIterable<Buffer>;
  /** Estimates the compressed size from what was read so far; undefined before the first byte. */
  estimateSize?(): number | undefined;
  /** Digest and size of the blob; callable when `bytes` has ended. */
  finish(): Content;
  /** Ends a wait for bytes that may never arrive. The blob cannot be read afterwards. */
  cancel?(): void;
}

/** What the blob is, or probably is; undefined when only reading it can tell. */
export function findExpected(blob: PlannedBlob | ArrivingBlob): Content | undefined {
  return 'content' in blob ? blob.content : blob.expected;
}

/** Digest and size, when both are certain before the blob is read. */
export function findContent(blob: OutgoingBlob): Content | undefined {
  if (blob.kind === 'known') return blob.content;
  return blob.kind === 'arriving' && blob.compressorId === undefined ? blob.expected : undefined;
}

/** Bytes in the source. */
export function countSourceBytes(blob: OutgoingBlob): number {
  return blob.kind === 'known' ? blob.content.size : blob.sourceBytes;
}
