import { readFile } from 'node:fs/promises';

const NAME = /[\w@+.%:/-]+/;
const CONFIG_HEADER = new RegExp(`^\\[\\s*(?:profile\\s+(["']?)(${NAME.source})\\1|(default))\\s*\\]$`);
const CREDENTIALS_HEADER = new RegExp(`^\\[\\s*()(${NAME.source})()\\s*\\]$`);

const EMPTY_VALUE = /^[^[=]+=$/;

/**
 * The names of the profiles that exist in a file of the AWS configuration without a single value, which the SDK's parser drops: there
 * is no line, or lines such as `credential_process =`.
 * A section whose lines the parser does not understand is not listed: it may be meant to hold keys. A file that cannot be read
 * has none.
 */
export async function listEmptyProfiles(
  file: string | undefined,
  kind: 'config' | 'credentials',
): Promise<readonly string[]> {
  const text = file === undefined ? '' : await readFile(file, 'utf8').catch(() => '');
  const header = kind === 'config' ? CONFIG_HEADER : CREDENTIALS_HEADER;
  // By the parser's own rule for comments.
  const lines = text.split(/\r?\n/).map((line) => line.split(/(?:^|\s)[;#]/)[0]?.trim() ?? '');
  const filled = lines.filter((line) => line !== '' && !EMPTY_VALUE.test(line));
  return filled.flatMap((line, index) => {
    const [, , name, standard] = header.exec(line) ?? [];
    const isEmpty = filled[index + 1]?.startsWith('[') ?? true;
    return isEmpty ? name || standard || [] : [];
  });
}
