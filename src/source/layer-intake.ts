import type { Digest } from '../oci/digest.ts';
import type { Packing, SentLayer } from './image-source.ts';

/** An entry of a tar that arrives, and that can be nothing but a layer, by its name and its first bytes. */
export interface ArrivingLayer {
  /** Name of the entry. */
  readonly name: string;
  /** Bytes of the entry. */
  readonly size: number;
  readonly packing: Packing;
  /** The digest of the entry's bytes, when the name tells it. */
  readonly named: Digest | undefined;
  /** `blob`: it lies where OCI layouts have their blobs, so its packing may be wanted as it is. */
  readonly place: 'blob' | 'docker-archive';
}

/** Takes layers while they arrive; implemented by the push. */
export interface LayerIntake {
  /** Aborted when nothing more needs to arrive: something went wrong, or the user has interrupted it. */
  readonly signal: AbortSignal;
  /** By entry name: the layers that are done. */
  readonly sent: ReadonlyMap<string, SentLayer>;
  /** Whether it gave up only because bytes were needed again that had gone by. */
  readonly lostBytes: boolean;
  /** Waits until there is room for one more layer. Throws what went wrong with an earlier one. */
  begin(layer: ArrivingLayer): Promise<LayerSink>;
  /** Waits until all layers are done. Throws what went wrong with one of them. */
  finish(): Promise<void>;
  /** Gives up what is under way; when it has resolved, nothing is running any more. */
  abort(reason: unknown): Promise<void>;
}

export interface LayerSink {
  /** Takes a chunk, which must not change afterwards, when there is room for it. */
  write(chunk: Buffer): Promise<void>;
  /** To be called when the last byte was written. */
  end(): void;
}
