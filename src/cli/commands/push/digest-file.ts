import { EcrpError } from '../../../errors.ts';
import { checkOutputFile, locateOutput, writeOutputFile } from '../../../files/output-file.ts';
import type { CommandContext } from '../../command-context.ts';
import { explainUnwritable } from '../../unwritable-output.ts';
import { printText } from '../../write-text.ts';

/** Checks before the push that the digest can be written after it. Throws INVALID_INPUT. */
export async function checkDigestFile(path: string): Promise<void> {
  try {
    await checkOutputFile(path);
  } catch (cause) {
    throw explain(path, cause);
  }
}

/**
 * Writes the digest and nothing else, like other tools. It replaces a regular file, and writes anything else in place. `/dev/stdout` and
 * `/dev/stderr` are the command's own streams. Throws INVALID_INPUT.
 */
export async function writeDigestFile(
  { io, messages }: Pick<CommandContext, 'io' | 'messages'>,
  path: string,
  digest: string,
): Promise<void> {
  try {
    const target = await locateOutput(path);
    const descriptor = target.kind === 'descriptor' ? target.descriptor : undefined;
    if (descriptor === 1) return await printText(io.stdout, digest);
    if (descriptor === 2) return await printText(io.stderr, digest);
    const onWait = () => messages.note(`Waiting until something reads the digest from ${path}.`);
    await writeOutputFile(path, digest, { signal: io.signal, onWait });
  } catch (cause) {
    io.signal.throwIfAborted();
    throw cause instanceof EcrpError ? cause : explain(path, cause);
  }
}

function explain(path: string, cause: unknown): EcrpError {
  const output = { what: 'the digest file', option: '--digest-file', path, fileName: 'digest' };
  return explainUnwritable(output, cause);
}
