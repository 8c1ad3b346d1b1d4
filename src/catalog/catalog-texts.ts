import { resolve } from 'node:path';
import { checkLength, expectText, type JsonObject, type Reading } from './findings.ts';
import { decodeText, readRegularFile, UnreadableFile } from './read-file.ts';

/** A text of the catalog data: the API's member, the member with the path of a file instead, and the most characters. */
export interface TextMember {
  readonly text: string;
  readonly file: string;
  readonly maxChars: number;
}

/** Reads a text that stands in the catalog file itself or in one beside it, and checks its length. */
export async function readCatalogText(
  object: JsonObject,
  { text: textName, file: fileName, maxChars }: TextMember,
  prefix: string,
  reading: Reading,
): Promise<string | undefined> {
  const text = expectText(object[textName], prefix + textName, reading);
  const path = expectText(object[fileName], prefix + fileName, reading);
  if (text !== undefined && path !== undefined) {
    reading.problems.push(`${prefix}${textName} and ${prefix}${fileName} are both given; give one of them`);
    return undefined;
  }
  if (path !== undefined)
    return readTextFile(resolve(reading.directory, path), prefix + fileName, maxChars, reading);
  if (text !== undefined) checkLength(text, maxChars, prefix + textName, reading);
  return text;
}

async function readTextFile(
  path: string,
  where: string,
  maxChars: number,
  reading: Reading,
): Promise<string | undefined> {
  try {
    // Far more than any text of that length can need: what is little too long is told its length.
    const text = decodeText(await readRegularFile(path, 40 * maxChars));
    checkLength(text, maxChars, `${where}: ${path}`, reading);
    return text;
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    reading.problems.push(`${where}: ${path} ${error.message}`);
    return undefined;
  }
}
