import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Repository } from '../ecr/repositories.ts';
import { pruneDirectory } from '../files/private-directory.ts';
import { readPrivateFile, writePrivateFile } from '../files/private-file.ts';

/** What it takes to write a reference of the caller's own registry in full, and to recognise one. */
export interface RegistryFacts {
  readonly registryId: string;
  /** Alias to show in references. */
  readonly registryAlias: string;
  /** All known active aliases, including `registryAlias`. */
  readonly aliases: readonly string[];
}

/** Identifies a registry: the same account has another one at another endpoint. */
export interface RegistryKey {
  readonly endpoint: string;
  /** The account if the credentials name it, because access keys of roles expire within hours. Else the access key ID. */
  readonly owner: string;
}

/** Includes temporary files of writes that were killed. */
const FILE_NAME = /^[0-9a-f]{32}\.json(?:\.[0-9a-f-]+)?$/;

/** Reads the facts that an earlier command saved; undefined if they are missing or damaged. Discards old files. */
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

/** Saves facts. Ignores a cache that cannot be written: the next command asks the service. */
export async function writeRegistryFacts(
  cacheDirectory: string | undefined,
  key: RegistryKey,
  facts: RegistryFacts,
): Promise<void> {
  if (cacheDirectory === undefined) return;
  try {
    writePrivateFile(locateCache(cacheDirectory), nameFacts(key), JSON.stringify(facts));
  } catch {
    // The next command asks the service.
  }
}

/** Facts in a repository of the caller's own registry: its URI contains an alias. Undefined in private ECR, which has no aliases. */
export function readFacts({
  registryId,
  repositoryArn,
  repositoryUri,
}: Repository): RegistryFacts | undefined {
  if (/^arn:[^:]*:ecr:/.test(repositoryArn)) return undefined;
  const registryAlias = repositoryUri.split('/')[1];
  return registryAlias === undefined ? undefined : { registryId, registryAlias, aliases: [registryAlias] };
}

function locateCache(cacheDirectory: string): string {
  return join(cacheDirectory, 'registries');
}

function nameFacts({ endpoint, owner }: RegistryKey): string {
  // Hashed, so that no access key ID is saved in plain text.
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
