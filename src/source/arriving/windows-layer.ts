import { constants, gunzipSync } from 'node:zlib';
import type { Compression } from '../../ends/image-source.ts';

/**
 * The folders at the root of a layer for Windows. Its first entry has PAX records, which Go writes under a name of their own.
 * Source: microsoft/hcsshim, pkg/ociwclayer/export.go.
 */
const WINDOWS_ENTRY = /^(?:(?:Files|Hives|UtilityVM)(?:\/|$)|PaxHeaders\.\d+\/(?:Files|Hives|UtilityVM)$)/;

const NAME_BYTES = 100;

/**
 * Whether a layer is for Windows, by its first bytes. Only such a layer can be foreign, and an archive may say so after its bytes. Another
 * layer may look the same.
 */
export function isWindowsLayer(start: Buffer, compression: Compression): boolean {
  const name = unpackStart(start, compression).toString('latin1', 0, NAME_BYTES).split('\0', 1)[0] ?? '';
  return WINDOWS_ENTRY.test(name);
}

/** The first bytes of the tar; none if they cannot be unpacked. No foreign layer is zstd. */
function unpackStart(start: Buffer, compression: Compression): Buffer {
  if (compression === 'none') return start;
  if (compression === 'zstd') return Buffer.alloc(0);
  try {
    // A stream that is cut gives what it has.
    return gunzipSync(start, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 1024 * 1024 });
  } catch {
    return Buffer.alloc(0);
  }
}
