import { crc32 } from 'node:zlib';

// Source: PNG specification, third edition, sections 5.2 (signature), 5.3 (chunks) and 11.2.1 (IHDR).

const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Signature, length and type of the first chunk, the 13 bytes of IHDR, and its checksum. */
const HEADER_BYTES = 8 + 8 + 13 + 4;
/** Length, type and checksum of a chunk. */
const FRAME_BYTES = 12;

/** Size in pixels. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** Reads the size from a PNG header. Undefined if the bytes are not a PNG. */
export function readPngSize(bytes: Buffer): ImageSize | undefined {
  const isPng =
    bytes.length >= HEADER_BYTES &&
    bytes.subarray(0, 8).equals(PNG_SIGNATURE) &&
    bytes.readUInt32BE(8) === 13 &&
    bytes.toString('latin1', 12, 16) === 'IHDR';
  return isPng ? { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) } : undefined;
}

/**
 * Explains why a PNG with a valid header cannot be shown: `is cut short …` or `is damaged …`. Undefined if every chunk is whole. Bytes
 * after the last chunk do no harm: decoders ignore them.
 */
export function explainDamagedPng(bytes: Buffer): string | undefined {
  let hasPixels = false;
  for (let at = PNG_SIGNATURE.length; ; ) {
    if (bytes.length < at + FRAME_BYTES) return describeEnd(bytes);
    const length = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (!/^[A-Za-z]{4}$/.test(type)) return `is a damaged PNG: byte ${at + 4} begins no chunk`;
    const end = at + FRAME_BYTES + length;
    if (bytes.length < end) return describeEnd(bytes);
    if (crc32(bytes.subarray(at + 4, end - 4)) !== bytes.readUInt32BE(end - 4)) {
      return `is a damaged PNG: its chunk ${type} has a wrong checksum`;
    }
    hasPixels ||= type === 'IDAT';
    if (type === 'IEND') return hasPixels ? undefined : 'is a damaged PNG: it has no pixels';
    at = end;
  }
}

function describeEnd({ length }: Buffer): string {
  return `is a PNG that is cut short: it ends after ${length} bytes, before its last chunk`;
}

const OTHER_FORMATS: readonly (readonly [start: RegExp, name: string])[] = [
  [/^\xff\xd8\xff/, 'a JPEG'],
  [/^GIF8/, 'a GIF'],
  [/^RIFF.{4}WEBP/s, 'a WebP'],
  [/^BM/, 'a BMP'],
  [/^\s*(<\?xml|<svg|<!--)/, 'an SVG'],
  [/^\x89PNG/, 'a damaged PNG'],
];

/** Names the format of bytes that are not a PNG. */
export function nameImageFormat(bytes: Buffer): string {
  const start = bytes.toString('latin1', 0, 100);
  return OTHER_FORMATS.find(([pattern]) => pattern.test(start))?.[1] ?? 'something else';
}
