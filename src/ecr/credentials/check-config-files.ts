import { readFile } from 'node:fs/promises';
import { EcrpError } from '../../errors.ts';
import type { SharedConfig } from '../shared-config.ts';

/**
 * Throws AUTH for an AWS configuration file that cannot be read, or has a section header that is not closed. The SDK's parser skips
 * both, so that keys get lost or belong to another profile.
 */
export async function checkConfigFiles({ configFile, credentialsFile }: SharedConfig): Promise<void> {
  for (const file of [configFile, credentialsFile]) {
    if (file !== undefined) await checkFile(file);
  }
}

async function checkFile(file: string): Promise<void> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return;
    const problem = code === 'EACCES' ? 'permission denied' : `cannot be read (${String(code)})`;
    throw new EcrpError('AUTH', `${file}: ${problem}`, {
      hint: 'Make the file readable, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
      cause: error,
    });
  }
  const index = text.split(/\r?\n/).findIndex(isOpenHeader);
  if (index === -1) return;
  throw new EcrpError('AUTH', `${file}: line ${index + 1} is not a section header: ']' is missing`, {
    hint: 'Close the header, as in [profile NAME].',
  });
}

/** By the parser's own rule for comments. */
function isOpenHeader(line: string): boolean {
  const text = line.split(/(?:^|\s)[;#]/)[0]?.trim() ?? '';
  return text.startsWith('[') && !text.endsWith(']');
}
