import { resolve } from 'node:path';
import { raceAbort } from '../../../async/abort.ts';
import { decodeText, readBounded, UnreadableFile } from '../../../catalog/read-file.ts';
import { EcrpError } from '../../../errors.ts';
import type { Io } from '../../../io.ts';
import { findJsonExcess } from '../../../json.ts';
import { checkPolicy } from '../../../policy/check-policy.ts';
import { fitsPolicy, type ParsedPolicy } from '../../../policy/policy-text.ts';
import type { CommandContext } from '../../command-context.ts';

/** Far more than the service's 10,240 characters: a file may have spaces that are not sent. */
const MAX_FILE_BYTES = 256 * 1024;

/** A policy that passed the local checks. */
export interface PolicyFile {
  readonly policy: ParsedPolicy;
  /** What to send: the text of the file, or without spaces if it is too long. */
  readonly policyText: string;
}

/**
 * Reads and checks a policy file, and prints warnings about it. Throws INVALID_INPUT with all problems.
 * @param file Path, or `-` for standard input.
 */
export async function readPolicyFile(context: CommandContext, file: string): Promise<PolicyFile> {
  const shown = file === '-' ? 'policy on standard input' : `policy file ${file}`;
  const text = await readPolicySource(context, file).catch((error: unknown) => {
    if (!(error instanceof UnreadableFile)) throw error;
    throw new EcrpError('INVALID_INPUT', `${shown}: it ${error.message}`, { hint: explainPath(file) });
  });
  const { policy, problems, warnings } = checkPolicy(parseJson(shown, text));
  for (const warning of warnings) context.messages.warn(`${shown}: ${warning}`);
  if (policy !== undefined) return { policy, policyText: fitsPolicy(text) ? text : JSON.stringify(policy) };
  const [first = ''] = problems;
  const isOne = problems.length === 1;
  throw new EcrpError(
    'INVALID_INPUT',
    `${shown}${isOne ? `: ${first}` : ` has ${problems.length} problems:`}`,
    {
      items: isOne ? [] : problems,
      hint: 'Correct the policy and run the command again; nothing was sent.',
    },
  );
}

/** Throws `UnreadableFile`. */
async function readPolicySource({ io }: CommandContext, file: string): Promise<string> {
  if (file !== '-') return decodeText(await readBounded(resolve(io.cwd, file), MAX_FILE_BYTES));
  return decodeText(await raceAbort(readInput(io), io.signal));
}

async function readInput({ stdin }: Io): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stdin) {
    chunks.push(Buffer.from(chunk));
    bytes += chunk.length;
    if (bytes > MAX_FILE_BYTES) throw new UnreadableFile('is longer than any policy');
  }
  return Buffer.concat(chunks);
}

function explainPath(file: string): string {
  if (file.startsWith('file://')) {
    return `Give the path alone: --policy ${file.replace('file://', '')}`;
  }
  if (/^\s*\{/.test(file))
    return 'Give a file, or pipe the text: printf \'%s\' "$POLICY" | ecrp policy set REPO --policy -';
  return 'Give a JSON file in UTF-8 that you may read, or - for standard input; nothing was sent.';
}

function parseJson(shown: string, text: string): unknown {
  const hint = 'Give the policy as JSON; nothing was sent.';
  if (text.trim() === '') throw new EcrpError('INVALID_INPUT', `${shown}: it is empty`, { hint });
  const excess = findJsonExcess(Buffer.from(text));
  if (excess !== undefined) throw new EcrpError('INVALID_INPUT', `${shown}: it ${excess}`, { hint });
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replaceAll(/\s+/g, ' ') : String(cause);
    throw new EcrpError('INVALID_INPUT', `${shown}: it is not valid JSON: ${reason}`, { hint, cause });
  }
}
