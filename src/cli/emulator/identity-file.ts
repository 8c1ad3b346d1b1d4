import { readFile } from 'node:fs/promises';
import type { GivenPrincipal } from '../../emulator/served-registry.ts';
import { EcrpError } from '../../errors.ts';
import { describeFileError } from '../../files/file-errors.ts';

/** Reads who may call the emulator. Throws INVALID_INPUT, which names the file and no secret. */
export async function readIdentityFile(path: string): Promise<readonly GivenPrincipal[]> {
  const { readIdentities } = await import('../../emulator/identity-file.ts');
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    const message = `the identity file ${path} cannot be read: ${describeFileError(cause)}`;
    throw new EcrpError('INVALID_INPUT', message, {
      hint: 'Give --identity a file that you may read.',
      cause,
    });
  });
  try {
    return readIdentities(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EcrpError('INVALID_INPUT', `cannot use the identity file ${path}: ${reason}`, {
      hint: 'Write JSON: {"accessKeyId", "secretAccessKey", "sessionToken", "expiresAt", "arn", "allowedActions": ["ecr-public:PutImage"], "registryId", "registryAlias"}, or a list of such objects.',
      cause,
    });
  }
}
