import type { LayerPart } from '../ecr/push-service.ts';
import type { FillTurn, FillTurns } from './fill-turns.ts';

/** How a layer is cut. */
export interface CutOptions {
  /** Bytes of a part. */
  readonly capacity: number;
  readonly ring: PartRing;
  /** Shared with the other layers of the push. */
  readonly turns: FillTurns;
}

/** The parts of a layer: one in flight, the others being filled or full. */
export interface PartRing {
  /** The one that was used longest ago, empty. */
  next(): LayerPart;
  /** Empties all. */
  clear(): void;
  release(): void;
}

/** A ring of `size` parts, each of which is made only when it is asked for, as most blobs have just one. */
export function ringParts(createPart: () => LayerPart, size: number): PartRing {
  const parts: LayerPart[] = [];
  let turn = 0;
  return {
    next() {
      const part = parts[turn] ?? createPart();
      parts[turn] = part;
      turn = (turn + 1) % size;
      part.clear();
      return part;
    },
    clear() {
      for (const part of parts) {
        part.clear();
      }
    },
    release() {
      for (const part of parts) {
        part.release();
      }
    },
  };
}

/**
 * Cuts a stream into parts of `capacity` bytes, the last one shorter. A part stays as it is until the ring comes round to it:
 * of two parts, until the second next one is asked for. Once `isStopped`, it ends with the next chunk: a part of a layer that is being compressed takes seconds.
 */
export async function* cutParts(
  chunks: AsyncIterable<Buffer>,
  { capacity, ring, turns }: CutOptions,
  isStopped: () => boolean,
): AsyncGenerator<LayerPart> {
  let part: LayerPart | undefined;
  let turn: FillTurn | undefined;
  try {
    for await (const chunk of chunks) {
      if (isStopped()) {
        return;
      }
      for (let rest = chunk; rest.length > 0; ) {
        if (turn === undefined || !turn.goOn()) {
          turn = await turns.take();
        }
        part ??= ring.next();
        rest = rest.subarray(part.append(rest));
        if (part.size === capacity) {
          turn.end();
          yield part;
          part = undefined;
        }
      }
    }
    turn?.end();
    if (part) {
      yield part;
    }
  } finally {
    turn?.end();
  }
}
