import { createHash } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Authorization } from '../ecr/authorization.ts';
import { isOwnDirectory, makePrivateDirectory, pruneDirectory } from '../files/private-directory.ts';
import { readPrivateFile, writePrivateFile } from '../files/private-file.ts';

/** A token is reused only for the same access key, at the same endpoint, in the same region. An emulator may have both services at one URL. */
export interface TokenKey {
  readonly service: 'ecr' | 'ecr-public';
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
}

export interface CachedToken extends Pick<Authorization, 'username' | 'password'> {
  /** The registries that it was requested for. */
  readonly registryHosts: readonly string[];
  /** In milliseconds since 1970. */
  readonly usableUntilMs: number;
}

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
  const directory = openTokens(cacheDirectory, nowMs);
  return directory === undefined ? undefined : readFile(directory, nameToken(key), nowMs);
}

/** Lists the registries that the usable tokens were requested for, without repetition. */
export function listTokenHosts(cacheDirectory: string | undefined, nowMs = Date.now()): readonly string[] {
  const directory = openTokens(cacheDirectory, nowMs);
  if (directory === undefined) return [];
  const names = readdirSync(directory).filter((name) => FILE_NAME.test(name));
  const hosts = names.flatMap((name) => readFile(directory, name, nowMs)?.registryHosts ?? []);
  return [...new Set(hosts)].sort();
}

/**
 * Makes the token to save for a registry: for half its lifetime, or until `credentialsEndMs` (milliseconds since 1970) if that is
 * earlier.
 */
export function limitToken(
  { username, password, expiresAt }: Authorization,
  registryHost: string,
  credentialsEndMs: number | undefined,
  nowMs = Date.now(),
): CachedToken {
  const halfLifeMs = nowMs + Math.min(expiresAt.getTime() - nowMs, MOST_LIFE_MS) / 2;
  const usableUntilMs = Math.min(halfLifeMs, credentialsEndMs ?? Number.POSITIVE_INFINITY);
  return { username, password, registryHosts: [registryHost], usableUntilMs };
}

/** Saves a token. Saves none that has ended, and none in a directory that cannot be written or that other users can access. */
export function writeToken(
  cacheDirectory: string | undefined,
  key: TokenKey,
  token: CachedToken,
  nowMs = Date.now(),
): void {
  if (cacheDirectory === undefined || token.usableUntilMs <= nowMs) return;
  const directory = locateTokens(cacheDirectory);
  try {
    makePrivateDirectory(directory);
    if (!isOwnDirectory(directory)) return;
    writePrivateFile(directory, nameToken(key), JSON.stringify(token));
  } catch {
    // The next run asks the service.
  }
}

/** Saves that a token was requested for one more registry. */
export function rememberHost(
  cacheDirectory: string | undefined,
  key: TokenKey,
  token: CachedToken,
  registryHost: string,
): void {
  const { registryHosts } = token;
  if (registryHosts.includes(registryHost)) return;
  writeToken(cacheDirectory, key, { ...token, registryHosts: [...registryHosts, registryHost] });
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

/** Finds the directory of the tokens and discards old ones. Undefined unless it exists and is ours alone. */
function openTokens(cacheDirectory: string | undefined, nowMs: number): string | undefined {
  const directory = cacheDirectory && locateTokens(cacheDirectory);
  if (!directory || !isOwnDirectory(directory)) return undefined;
  pruneDirectory(directory, {
    isOurs: (name) => FILE_NAME.test(name),
    limits: { maxAgeMs: MOST_LIFE_MS, maxBytes: Number.POSITIVE_INFINITY },
    nowMs,
  });
  return directory;
}

function readFile(directory: string, name: string, nowMs: number): CachedToken | undefined {
  try {
    return parseToken(JSON.parse(readPrivateFile(directory, name) ?? 'null'), nowMs);
  } catch {
    return undefined;
  }
}

function nameToken({ service, endpoint, region, accessKeyId }: TokenKey): string {
  return `${createHash('sha256')
    .update(JSON.stringify([service, endpoint, region, accessKeyId]))
    .digest('hex')}.json`;
}

function parseToken(value: unknown, nowMs: number): CachedToken | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  // An object, its members still unknown.
  const { username, password, usableUntilMs, registryHosts } = value as Record<string, unknown>;
  if (typeof username !== 'string' || typeof password !== 'string') return undefined;
  if (typeof usableUntilMs !== 'number' || !Array.isArray(registryHosts)) return undefined;
  if (!registryHosts.every((host): host is string => typeof host === 'string')) return undefined;
  // A longer time means that the clock was ahead when the token was saved.
  const leftMs = usableUntilMs - nowMs;
  if (leftMs <= 0 || leftMs > MOST_LIFE_MS / 2) return undefined;
  return { username, password, usableUntilMs, registryHosts };
}
