import { resolve } from 'node:path';
import type { JsonObject } from '../json.ts';
import { MAX_LOGO_BYTES, MAX_LOGO_SIDE, MIN_LOGO_SIDE } from '../wire/limits.ts';
import { type CatalogContext, expectText, type Findings, groupDigits } from './findings.ts';
import { explainDamagedPng, nameImageFormat, readPngSize } from './png.ts';
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

/** Adds a problem for each rule that the bytes of a logo break, and returns them. `what` begins the sentences. */
export function checkLogo(bytes: Buffer, what: string, { problems }: Findings): Buffer {
  if (bytes.length > MAX_LOGO_BYTES) {
    problems.push(
      `${what} has ${groupDigits(bytes.length)} bytes; ${groupDigits(MAX_LOGO_BYTES)} are allowed`,
    );
  }
  const size = readPngSize(bytes);
  if (size === undefined) {
    problems.push(`${what} is not a PNG but ${nameImageFormat(bytes)}`);
    return bytes;
  }
  const { width, height } = size;
  if (Math.min(width, height) < MIN_LOGO_SIDE || Math.max(width, height) > MAX_LOGO_SIDE) {
    problems.push(
      `${what} has ${width} × ${height} pixels; each side must have ${MIN_LOGO_SIDE} to ${MAX_LOGO_SIDE}`,
    );
  }
  const damage = explainDamagedPng(bytes);
  if (damage !== undefined) problems.push(`${what} ${damage}`);
  return bytes;
}
