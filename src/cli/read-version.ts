import { readFileSync } from 'node:fs';

/** The version of the package that this file is in. */
export function readVersion(): string {
  // The same relative place from src/ and from dist/.
  const metadata: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const version =
    typeof metadata === 'object' && metadata !== null && 'version' in metadata && metadata.version;
  return typeof version === 'string' ? version : 'unknown';
}
