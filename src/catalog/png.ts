const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Signature, length and type of the first chunk, and IHDR's 13 bytes with its checksum. */
const HEADER_BYTES = 8 + 8 + 13 + 4;

/** Size of an image in pixels. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** Reads the size out of a PNG's header; undefined when the bytes do not begin as a PNG does (PNG specification, 5.2 and 11.2.2). */
export function readPngSize(bytes: Buffer): ImageSize | undefined {
  const isPng =
    bytes.length >= HEADER_BYTES &&
    bytes.subarray(0, 8).equals(PNG_SIGNATURE) &&
    bytes.readUInt32BE(8) === 13 &&
    bytes.toString('latin1', 12, 16) === 'IHDR';
  return isPng ? { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) } : undefined;
}

const OTHER_FORMATS: readonly (readonly [start: RegExp, name: string])[] = [
  [/^\xff\xd8\xff/, 'a JPEG'],
  [/^GIF8/, 'a GIF'],
  [/^RIFF.{4}WEBP/s, 'a WebP'],
  [/^BM/, 'a BMP'],
  [/^\s*(<\?xml|<svg|<!--)/, 'an SVG'],
  [/^\x89PNG/, 'a damaged PNG'],
];

/** Says what bytes that are no PNG seem to be. */
export function nameImageFormat(bytes: Buffer): string {
  const start = bytes.toString('latin1', 0, 100);
  return OTHER_FORMATS.find(([pattern]) => pattern.test(start))?.[1] ?? 'something else';
}
