import type { SentLayer } from '../../../../src/ends/image-source.ts';
import type { ArrivingLayer, LayerIntake } from '../../../../src/ends/layer-intake.ts';
import { digestOf } from '../../../../src/oci/digest.ts';

export interface MemoryIntake extends LayerIntake {
  /** The layers that were begun, in order. */
  readonly begun: ArrivingLayer[];
  /** The bytes of each, by name. */
  readonly taken: Map<string, Buffer>;
  /** The names of the layers that ended. */
  readonly ended: string[];
  readonly aborted: unknown[];
}

/** Takes layers into memory. Throws `fail.error` after `fail.after` bytes of one. */
export function memoryIntake(fail?: { readonly after: number; readonly error: Error }): MemoryIntake {
  const controller = new AbortController();
  const begun: ArrivingLayer[] = [];
  const taken = new Map<string, Buffer>();
  const ended: string[] = [];
  const aborted: unknown[] = [];
  const sent = new Map<string, SentLayer>();
  return {
    signal: controller.signal,
    sent,
    lostBytes: false,
    foreignLayers: false,
    begun,
    taken,
    ended,
    aborted,
    async begin(layer) {
      begun.push(layer);
      const chunks: Buffer[] = [];
      let size = 0;
      return {
        async write(chunk) {
          await Promise.resolve();
          chunks.push(chunk);
          size += chunk.length;
          if (fail !== undefined && size >= fail.after) throw fail.error;
        },
        end() {
          const bytes = Buffer.concat(chunks);
          const digest = digestOf(bytes);
          ended.push(layer.name);
          taken.set(layer.name, bytes);
          sent.set(layer.name, {
            entryDigest: digest,
            diffId: layer.compression === 'none' ? digest : undefined,
            content: { digest, size },
            compressorId: undefined,
            outcome: 'uploaded',
            resumedBytes: 0,
          });
        },
      };
    },
    async finish() {},
    async abort(reason) {
      aborted.push(reason);
    },
  };
}
