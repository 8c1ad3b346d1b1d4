import type { Content } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { Platform } from '../oci/platform.ts';

/** Everything a push will do, known before the network is used. */
export interface PushPlan {
  /** Distinct blobs, in the order of their first mention. */
  readonly blobs: readonly PlannedBlob[];
  /** What a person should know before the image is pushed. */
  readonly warnings?: readonly string[];
  readonly notes?: readonly string[];
  /** How many distinct foreign layers are left out. */
  readonly skippedLayers: number;
  /**
   * The manifests, children first, the root last. `contents` gives what every blob came out as, by `PlannedBlob.id`.
   * Throws LIMIT when one is longer than the service takes.
   */
  buildManifests(contents: ReadonlyMap<Digest, Content>): readonly PlannedManifest[];
}

export interface PlannedManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  /** Exactly as in the source. */
  readonly bytes: Buffer;
  readonly platform?: Platform;
  /** A tag of its own, for what goes with the image, such as its signature. */
  readonly imageTag?: string;
}

/** A blob as a pull source: a name, what is known of its content, and a way to read it from any byte. */
export interface PlannedBlob {
  /** The digest, or the diff ID of a layer whose digest comes out at the end of reading. */
  readonly id: Digest;
  readonly role: 'config' | 'layer';
  /** What makes the bytes that are sent of those with the diff ID; undefined when they are the blob's own. */
  readonly encoding?: string;
  /** Undefined when it comes out at the end of reading. */
  readonly content: Content | undefined;
  /** What an earlier push came out with: good enough to ask whether the repository has it. */
  readonly expected: Content | undefined;
  /** Bytes in the source; they are read, and no more than these are sent but for the frame of a compressor. */
  readonly sourceBytes: number;
  /** What became of the blob while the source arrived; undefined when it is to be sent, or looked for. */
  readonly sent?: SentBlob | undefined;
  /** False when an OCI layout lacks the blob; it may be in the repository. */
  readonly present: boolean;
  /** Whether its bytes go by once, so that it can be opened again only further on. */
  readonly arriving?: true;
  open(start: number): BlobReading;
  /** Keeps what the blob came out as for later pushes. */
  record(content: Content): Promise<void>;
}

export interface SentBlob {
  readonly content: Content;
  /** `existing`: the repository had it. */
  readonly outcome: 'uploaded' | 'existing';
  /** Bytes that an earlier push had sent. */
  readonly resumedBytes: number;
}

/** One reading of a blob. */
export interface BlobReading {
  /**
   * Bytes to be sent, from `start` on; a chunk is good only until the next one is asked for. Throws INVALID_INPUT when they turn
   * out not to be what the source says.
   */
  readonly bytes: AsyncIterable<Buffer>;
  /** What a blob that is being compressed will come to, if the rest is like what was read so far; undefined while nothing was. */
  estimateSize?(): number | undefined;
  /** What the blob is; to be called when `bytes` has ended. */
  finish(): Content;
  /** Ends a wait for bytes that may never come; afterwards the blob cannot be read any more. */
  cancel?(): void;
}
