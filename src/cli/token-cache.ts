import { createHash } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Authorization } from '../ecr/authorization.ts';
import { isOwnDirectory, makePrivateDirectory, pruneDirectory } from '../files/private-directory.ts';
import { readPrivateFile, writePrivateFile } from '../files/private-file.ts';

/** A token is reused only for the same access key at the same endpoint. */
export interface TokenKey {
  readonly endpoint: string;
  readonly accessKeyId: string;
}

export type CachedToken = Pick<Authorization, 'username' | 'password'>;

/** Lifetime of AWS's tokens. */
const MOST_LIFE_MS = 12 * 3_600_000;
/** Includes temporary files of writes that were killed. */
const FILE_NAME = /^[0-9a-f]{64}\.json(?:\.\d+)?$/;

/** Finds a token of an earlier run that may still be reused. Ignores a directory that other users can access. */
export function readToken(
  cacheDirectory: string | undefined,
  key: TokenKey,
  nowMs = Date.now(),
): CachedToken | undefined {
  if (cacheDirectory === undefined) return undefined;
  const directory = locateTokens(cacheDirectory);
  if (!isOwnDirectory(directory)) return undefined;
  pruneDirectory(directory, {
    isOurs: (name) => FILE_NAME.test(name),
    limits: { maxAgeMs: MOST_LIFE_MS, maxBytes: Number.POSITIVE_INFINITY },
    nowMs,
  });
  try {
    return parseToken(JSON.parse(readPrivateFile(directory, nameToken(key)) ?? 'null'), nowMs);
  } catch {
    return undefined;
  }
}

/**
 * Saves a token for half its lifetime, or until `credentialsEndMs` (milliseconds since 1970) if that is earlier. Saves none in a
 * directory that cannot be written, or that other users can access.
 */
export function writeToken(
  cacheDirectory: string | undefined,
  key: TokenKey,
  { username, password, expiresAt }: Authorization,
  credentialsEndMs: number | undefined,
  nowMs = Date.now(),
): void {
  if (cacheDirectory === undefined) return;
  const directory = locateTokens(cacheDirectory);
  const halfLifeMs = nowMs + Math.min(expiresAt.getTime() - nowMs, MOST_LIFE_MS) / 2;
  const usableUntilMs = Math.min(halfLifeMs, credentialsEndMs ?? Number.POSITIVE_INFINITY);
  if (usableUntilMs <= nowMs) return;
  try {
    makePrivateDirectory(directory);
    if (!isOwnDirectory(directory)) return;
    writePrivateFile(directory, nameToken(key), JSON.stringify({ username, password, usableUntilMs }));
  } catch {
    // The next run asks the service.
  }
}

/** Removes all tokens. Returns true if there was one. */
export function forgetTokens(cacheDirectory: string | undefined): boolean {
  const directory = cacheDirectory && locateTokens(cacheDirectory);
  if (!directory || !isOwnDirectory(directory)) return false;
  const names = readdirSync(directory).filter((name) => FILE_NAME.test(name));
  for (const name of names) rmSync(join(directory, name), { force: true });
  return names.length > 0;
}

function locateTokens(cacheDirectory: string): string {
  return join(cacheDirectory, 'tokens');
}

function nameToken({ endpoint, accessKeyId }: TokenKey): string {
  return `${createHash('sha256')
    .update(JSON.stringify([endpoint, accessKeyId]))
    .digest('hex')}.json`;
}

function parseToken(value: unknown, nowMs: number): CachedToken | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { username, password, usableUntilMs } = value as Record<string, unknown>; // an object, its members still unknown
  if (typeof username !== 'string' || typeof password !== 'string') return undefined;
  if (typeof usableUntilMs !== 'number') return undefined;
  // A longer time means that the clock was ahead when the token was saved.
  const leftMs = usableUntilMs - nowMs;
  return leftMs > 0 && leftMs <= MOST_LIFE_MS / 2 ? { username, password } : undefined;
}
