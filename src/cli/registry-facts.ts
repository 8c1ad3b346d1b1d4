import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Repository } from '../ecr/repositories.ts';
import { pruneDirectory } from '../files/private-directory.ts';
import { readPrivateFile, writePrivateFile } from '../files/private-file.ts';

/** What a reference of one's own registry needs to be written in full, or to be recognised. */
export interface RegistryFacts {
  readonly registryId: string;
  /** The alias to show in references. */
  readonly registryAlias: string;
  /** Every active alias that is known, the one above among them. */
  readonly aliases: readonly string[];
}

/** Whose registry it is: the same account at another endpoint has another registry. */
export interface RegistryKey {
  readonly endpoint: string;
  /** The account where the credentials say it, as access keys of roles last an hour; else the access key id. */
  readonly owner: string;
}

/** With what a kill has left of a write. */
const FILE_NAME = /^[0-9a-f]{32}\.json(?:\.[0-9a-f-]+)?$/;

/** Reads what an earlier command learned; undefined when there is nothing or it is damaged. Old files are discarded. */
export async function readRegistryFacts(
  cacheDirectory: string | undefined,
  key: RegistryKey,
): Promise<RegistryFacts | undefined> {
  if (cacheDirectory === undefined) return undefined;
  const directory = locateCache(cacheDirectory);
  pruneDirectory(directory, { isOurs: (name) => FILE_NAME.test(name) });
  try {
    return parseFacts(JSON.parse(readPrivateFile(directory, nameFacts(key)) ?? 'null'));
  } catch {
    return undefined;
  }
}

/** Keeps what was learned. A cache that cannot be written is no error: the next command asks the service. */
export async function writeRegistryFacts(
  cacheDirectory: string | undefined,
  key: RegistryKey,
  facts: RegistryFacts,
): Promise<void> {
  if (cacheDirectory === undefined) return;
  try {
    writePrivateFile(locateCache(cacheDirectory), nameFacts(key), JSON.stringify(facts));
  } catch {
    // Nothing is lost.
  }
}

/** What a repository of the caller's own registry tells of it: an alias is in its URI. */
export function readFacts({ registryId, repositoryUri }: Repository): RegistryFacts | undefined {
  const registryAlias = repositoryUri.split('/')[1];
  return registryAlias === undefined ? undefined : { registryId, registryAlias, aliases: [registryAlias] };
}

function locateCache(cacheDirectory: string): string {
  return join(cacheDirectory, 'registries');
}

function nameFacts({ endpoint, owner }: RegistryKey): string {
  // Hashed, so that no access key id is kept in plain text.
  const name = createHash('sha256').update(`${endpoint}\n${owner}`).digest('hex').slice(0, 32);
  return `${name}.json`;
}

function parseFacts(value: unknown): RegistryFacts | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { registryId, registryAlias, aliases } = value as Record<string, unknown>; // an object, its members still unknown
  if (typeof registryId !== 'string' || !/^\d{12}$/.test(registryId)) return undefined;
  if (!isAlias(registryAlias) || !Array.isArray(aliases) || !aliases.every(isAlias)) return undefined;
  return aliases.includes(registryAlias) ? { registryId, registryAlias, aliases } : undefined;
}

/** `RegistryAliasName` of the service model. */
function isAlias(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 50 && /^[a-z][a-z0-9]+(?:[._-][a-z0-9]+)*$/.test(value);
}
