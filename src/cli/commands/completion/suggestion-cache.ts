import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { pruneDirectory } from '../../../files/private-directory.ts';
import { readPrivateFile, writePrivateFile } from '../../../files/private-file.ts';
import { isObject } from '../../../json.ts';

/** How long names of a registry are suggested without asking again. */
const LIFE_MS = 10 * 60_000;
/** Includes temporary files of writes that were killed. */
const FILE_NAME = /^[0-9a-f]{32}\.json(?:\.[0-9a-f-]+)?$/;

/** What the names belong to. */
export interface SuggestionKey {
  readonly endpoint: string;
  readonly accessKeyId: string;
  /** `repositories`, or `tags of REPOSITORY`. */
  readonly subject: string;
}

/** Reads names that were saved within the last ten minutes; undefined if there are none. */
export function readSuggestions(
  cacheDirectory: string,
  key: SuggestionKey,
  nowMs = Date.now(),
): readonly string[] | undefined {
  const directory = locateSuggestions(cacheDirectory);
  pruneDirectory(directory, {
    isOurs: (name) => FILE_NAME.test(name),
    limits: { maxAgeMs: LIFE_MS, maxBytes: Number.POSITIVE_INFINITY },
    nowMs,
  });
  try {
    const value: unknown = JSON.parse(readPrivateFile(directory, nameFile(key)) ?? 'null');
    if (!isObject(value)) return undefined;
    const { savedMs, names } = value;
    if (typeof savedMs !== 'number' || !Array.isArray(names)) return undefined;
    // A time in the future means that the clock was set back.
    const ageMs = nowMs - savedMs;
    if (ageMs < 0 || ageMs > LIFE_MS) return undefined;
    return names.filter((name) => typeof name === 'string');
  } catch {
    return undefined;
  }
}

/** Saves names. Ignores a cache that cannot be written. */
export function writeSuggestions(
  cacheDirectory: string,
  key: SuggestionKey,
  names: readonly string[],
  nowMs = Date.now(),
): void {
  try {
    writePrivateFile(
      locateSuggestions(cacheDirectory),
      nameFile(key),
      JSON.stringify({ savedMs: nowMs, names }),
    );
  } catch {
    // The next completion asks the service.
  }
}

function locateSuggestions(cacheDirectory: string): string {
  return join(cacheDirectory, 'suggestions');
}

function nameFile({ endpoint, accessKeyId, subject }: SuggestionKey): string {
  // Hashed, so that no access key ID is saved in plain text.
  const text = JSON.stringify([endpoint, accessKeyId, subject]);
  return `${createHash('sha256').update(text).digest('hex').slice(0, 32)}.json`;
}
