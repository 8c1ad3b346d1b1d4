import { resolve } from 'node:path';
import type { JsonObject } from '../json.ts';
import { MAX_LOGO_BYTES, MAX_LOGO_SIDE, MIN_LOGO_SIDE } from '../wire/limits.ts';
import { type CatalogContext, expectText, groupDigits } from './findings.ts';
import { useNamedFile } from './read-file.ts';

/** Most bytes read of a logo. It exceeds the limit, so that the error for a larger logo can name its size. */
const MAX_READ_BYTES = 20 * MAX_LOGO_BYTES;

/** Reads and checks the logo: `logo` is a path relative to the catalog file, `logoImageBlob` base64 or YAML's `!!binary`. */
export async function readLogo(
  object: JsonObject,
  prefix: string,
  context: CatalogContext,
): Promise<Buffer | undefined> {
  const path = expectText(object.logo, `${prefix}logo`, context);
  const where = `${prefix}logoImageBlob`;
  const blob = object.logoImageBlob instanceof Buffer ? object.logoImageBlob : undefined;
  const base64 = blob?.toString('base64') ?? expectText(object.logoImageBlob, where, context);
  if (path !== undefined && base64 !== undefined) {
    context.problems.push(`${prefix}logo and ${where} are both given; give one of them`);
    return undefined;
  }
  if (path !== undefined) {
    const file = resolve(context.directory, path);
    return useNamedFile(file, MAX_READ_BYTES, `${prefix}logo`, context, (bytes) =>
      checkLogo(bytes, `${prefix}logo: ${file}`, context),
    );
  }
  return base64 === undefined ? undefined : decodeLogo(base64, where, context);
}

function decodeLogo(base64: string, where: string, context: CatalogContext): Buffer | undefined {
  const fault = explainBadBase64(base64);
  if (fault === undefined) return checkLogo(Buffer.from(base64, 'base64'), `${where}: the image`, context);
  context.problems.push(`${where} ${fault}`);
  return undefined;
}

const USE_LOGO = 'give the path of the PNG as "logo" instead';

/** Explains why a text is not strict base64 (RFC 4648, section 4: padded, without line breaks), naming common mistakes. */
function explainBadBase64(text: string): string | undefined {
  // AWS's user guide has "$(cat myrepoimage.png |base64 -w 0)".
  if (/\$\(|`/.test(text)) return `is a shell expression, which no JSON or YAML file expands; ${USE_LOGO}`;
  if (/^data:/i.test(text)) return `is a data URL; leave out all up to the comma, or ${USE_LOGO}`;
  if (/^fileb?:|\.(png|jpe?g|gif|svg|webp)$/i.test(text)) return `is the name of a file; ${USE_LOGO}`;
  if (text === '') return `is empty; leave it out, or ${USE_LOGO}`;
  const wrong = /[^A-Za-z0-9+/=]|=(?=[^=])/.exec(text);
  if (wrong) {
    const character = JSON.stringify(String.fromCodePoint(text.codePointAt(wrong.index) ?? 0));
    return `is not base64: ${character} at character ${groupDigits(wrong.index + 1)}; ${USE_LOGO}`;
  }
  // A round trip finds missing or extra padding and stray bits at the end.
  if (Buffer.from(text, 'base64').toString('base64') === text) return undefined;
  return `is not base64: it is cut short or padded wrongly at the end; ${USE_LOGO}`;
}

function checkLogo(bytes: Buffer, what: string, { problems }: CatalogContext): Buffer {
  if (bytes.length > MAX_LOGO_BYTES) {
    problems.push(
      `${what} has ${groupDigits(bytes.length)} bytes; ${groupDigits(MAX_LOGO_BYTES)} are allowed`,
    );
  }
  const size = readPngSize(bytes);
  if (size === undefined) {
    problems.push(`${what} is not a PNG but ${nameImageFormat(bytes)}`);
  } else if (
    Math.min(size.width, size.height) < MIN_LOGO_SIDE ||
    Math.max(size.width, size.height) > MAX_LOGO_SIDE
  ) {
    problems.push(
      `${what} has ${size.width} × ${size.height} pixels; each side must have ${MIN_LOGO_SIDE} to ${MAX_LOGO_SIDE}`,
    );
  }
  return bytes;
}

const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Signature, length and type of the first chunk, the 13 bytes of IHDR, and its checksum. */
const HEADER_BYTES = 8 + 8 + 13 + 4;

/** Size in pixels. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** Reads the size from a PNG header (PNG specification, 5.2 and 11.2.2). Undefined if the bytes are not a PNG. */
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

/** Names the format of bytes that are not a PNG. */
export function nameImageFormat(bytes: Buffer): string {
  const start = bytes.toString('latin1', 0, 100);
  return OTHER_FORMATS.find(([pattern]) => pattern.test(start))?.[1] ?? 'something else';
}
