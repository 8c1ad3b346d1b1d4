import type { Digest } from '../oci/digest.ts';
import type { Compression, SentLayer } from './image-source.ts';

/** An entry of an arriving tar that must be a layer, by its name and first bytes. */
export interface ArrivingLayer {
  /** Name of the entry. */
  readonly name: string;
  /** Bytes of the entry. */
  readonly size: number;
  readonly compression: Compression;
  /** The digest of the entry's bytes, if its name states it. */
  readonly named: Digest | undefined;
  /** `blob`: where OCI layouts keep their blobs, so the layer may have to stay as it is. */
  readonly place: 'blob' | 'docker-archive';
}

/** Takes layers while they arrive. */
export interface LayerIntake {
  /** Aborted when nothing more needs to arrive: after a failure or an interruption. */
  readonly signal: AbortSignal;
  /** Whether it takes layers that their publisher serves. */
  readonly foreignLayers: boolean;
  /** The layers that are done, by entry name. */
  readonly sent: ReadonlyMap<string, SentLayer>;
  /** Whether it failed only because the target requested bytes that were gone. */
  readonly lostBytes: boolean;
  /** Waits for room for one more layer. Throws what an earlier layer failed with. */
  begin(layer: ArrivingLayer): Promise<LayerSink>;
  /** Waits until all layers are done. Throws the first failure. */
  finish(): Promise<void>;
  /** Cancels all layers. When it resolves, nothing is running. */
  abort(reason: unknown): Promise<void>;
}

export interface LayerSink {
  /** Waits for room, then takes the chunk, which must not change afterwards. */
  write(chunk: Buffer): Promise<void>;
  /** Call it after the last byte. */
  end(): void;
}
