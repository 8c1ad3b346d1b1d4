import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What a reference of one's own registry needs to be written in full. */
export interface RegistryFacts {
  readonly registryId: string;
  readonly registryAlias: string;
}

/** Whose registry it is: the same key at another endpoint is another registry. */
export interface RegistryKey {
  readonly endpoint: string;
  readonly accessKeyId: string;
}

/** Reads what an earlier command learned; undefined when there is nothing or it is damaged. */
export async function readRegistryFacts(
  directory: string,
  key: RegistryKey,
): Promise<RegistryFacts | undefined> {
  try {
    return parseFacts(JSON.parse(await readFile(locateFacts(directory, key), 'utf8')));
  } catch {
    return undefined;
  }
}

/** Keeps what was learned. A cache that cannot be written is no error: the next command asks the service. */
export async function writeRegistryFacts(
  directory: string,
  key: RegistryKey,
  facts: RegistryFacts,
): Promise<void> {
  const file = locateFacts(directory, key);
  const temporary = `${file}.${randomUUID()}`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(temporary, JSON.stringify(facts), { mode: 0o600 });
    await rename(temporary, file);
  } catch {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

function locateFacts(directory: string, { endpoint, accessKeyId }: RegistryKey): string {
  // Hashed, so that no access key id is kept in plain text.
  const name = createHash('sha256').update(`${endpoint}\n${accessKeyId}`).digest('hex').slice(0, 32);
  return join(directory, 'registries', `${name}.json`);
}

function parseFacts(value: unknown): RegistryFacts | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { registryId, registryAlias } = value as Record<string, unknown>; // an object, its members still unknown
  if (typeof registryId !== 'string' || typeof registryAlias !== 'string') return undefined;
  return /^\d{12}$/.test(registryId) && /^[a-z][a-z0-9-]*$/.test(registryAlias)
    ? { registryId, registryAlias }
    : undefined;
}
