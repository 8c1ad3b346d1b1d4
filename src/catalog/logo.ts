import { resolve } from 'node:path';
import { MAX_LOGO_BYTES, MAX_LOGO_SIDE, MIN_LOGO_SIDE } from '../wire/limits.ts';
import { countOf, expectText, type JsonObject, type Reading } from './findings.ts';
import { nameImageFormat, readPngSize } from './png.ts';
import { readRegularFile, UnreadableFile } from './read-file.ts';

/** Most bytes that are read of a logo, so that one that is somewhat too large is told its size. */
const MAX_READ_BYTES = 20 * MAX_LOGO_BYTES;

/** Reads the logo out of `logo`, a path relative to the catalog file, or `logoImageBlob`, base64 or YAML's `!!binary`, and checks it. */
export async function readLogo(
  object: JsonObject,
  prefix: string,
  reading: Reading,
): Promise<Buffer | undefined> {
  const path = expectText(object.logo, `${prefix}logo`, reading);
  const where = `${prefix}logoImageBlob`;
  const blob = object.logoImageBlob instanceof Buffer ? object.logoImageBlob : undefined;
  const base64 = blob?.toString('base64') ?? expectText(object.logoImageBlob, where, reading);
  if (path !== undefined && base64 !== undefined) {
    reading.problems.push(`${prefix}logo and ${where} are both given; give one of them`);
    return undefined;
  }
  if (path !== undefined) return readLogoFile(resolve(reading.directory, path), `${prefix}logo`, reading);
  return base64 === undefined ? undefined : decodeLogo(base64, where, reading);
}

async function readLogoFile(path: string, where: string, reading: Reading): Promise<Buffer | undefined> {
  try {
    const bytes = await readRegularFile(path, MAX_READ_BYTES);
    return checkLogo(bytes, `${where}: ${path}`, reading);
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    reading.problems.push(`${where}: ${path} ${error.message}`);
    return undefined;
  }
}

function decodeLogo(base64: string, where: string, reading: Reading): Buffer | undefined {
  const fault = explainBadBase64(base64);
  if (fault === undefined) return checkLogo(Buffer.from(base64, 'base64'), `${where}: the image`, reading);
  reading.problems.push(`${where} ${fault}`);
  return undefined;
}

const USE_LOGO = 'give the path of the PNG as "logo" instead';

/** Strict base64 (RFC 4648, section 4): padded, without line breaks. What people put there instead is told by its name. */
function explainBadBase64(text: string): string | undefined {
  // The tutorial of AWS's user guide has "$(cat myrepoimage.png |base64 -w 0)".
  if (/\$\(|`/.test(text)) return `is a shell expression, which no JSON or YAML file expands; ${USE_LOGO}`;
  if (/^data:/i.test(text)) return `is a data URL; leave out all up to the comma, or ${USE_LOGO}`;
  if (/^fileb?:|\.(png|jpe?g|gif|svg|webp)$/i.test(text)) return `is the name of a file; ${USE_LOGO}`;
  if (text === '') return `is empty; leave it out, or ${USE_LOGO}`;
  const wrong = /[^A-Za-z0-9+/=]|=(?=[^=])/.exec(text);
  if (wrong) {
    const character = JSON.stringify(String.fromCodePoint(text.codePointAt(wrong.index) ?? 0));
    return `is not base64: ${character} at character ${countOf(wrong.index + 1)}; ${USE_LOGO}`;
  }
  // Decoding and encoding again shows missing padding, too much of it, and stray bits at the end.
  if (Buffer.from(text, 'base64').toString('base64') === text) return undefined;
  return `is not base64: it is cut short or padded wrongly at the end; ${USE_LOGO}`;
}

function checkLogo(bytes: Buffer, what: string, { problems }: Reading): Buffer {
  if (bytes.length > MAX_LOGO_BYTES) {
    problems.push(`${what} has ${countOf(bytes.length)} bytes; ${countOf(MAX_LOGO_BYTES)} are allowed`);
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
