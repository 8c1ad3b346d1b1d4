import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { EcrpError } from '../errors.ts';
import { describeFileError, findErrorCode } from '../files/file-errors.ts';
import type { CaBundle } from '../net/trusted-roots.ts';

const HINT = 'Put certificates in PEM there, or remove the file.';

/**
 * Finds the certificates that docker and podman trust for one registry besides the system's: `certs.d/HOST/*.crt`, HOST with its port as in
 * references. Throws USAGE for a directory that cannot be read.
 * @param directories The directories `certs.d`. One that is missing is passed over.
 */
export async function findHostCertificates(
  directories: readonly string[],
  registryHost: string,
): Promise<readonly CaBundle[]> {
  const found: CaBundle[] = [];
  for (const directory of directories) {
    const path = join(directory, registryHost);
    const names = await listNames(path);
    const certificates = names.filter((name) => name.endsWith('.crt')).sort();
    for (const name of certificates) {
      found.push({ path: join(path, name), source: `certificate of ${registryHost}`, hint: HINT });
    }
  }
  return found;
}

async function listNames(path: string): Promise<readonly string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(findErrorCode(error) ?? '')) return [];
    throw new EcrpError('USAGE', `${path}: ${describeFileError(error)}`, { hint: HINT, cause: error });
  }
}
