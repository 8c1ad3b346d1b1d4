import { resolve } from 'node:path';
import { raceAbort } from '../async/abort.ts';
import { decodeText, readBounded, UnreadableFile } from '../catalog/read-file.ts';
import { EcrpError } from '../errors.ts';
import type { Io } from '../io.ts';
import { findJsonExcess } from '../json.ts';
import type { CommandContext } from './command-context.ts';

/** Far more than the service takes: a file may have spaces that are not sent. */
const MAX_FILE_BYTES = 256 * 1024;

/** A kind of policy that a command takes as a JSON file. */
export interface PolicyKind<Policy> {
  /** For messages: `lifecycle policy`. */
  readonly name: string;
  /** The command, for hints: `lifecycle set`. */
  readonly command: string;
  /** Finds reasons why the service would refuse it, and what it hardly means. The policy is absent if there is a problem. */
  check(value: unknown): {
    readonly policy?: Policy;
    readonly problems: readonly string[];
    readonly warnings: readonly string[];
  };
  /** False for a text that is too long. */
  fits(text: string): boolean;
}

/** A policy that passed the local checks. */
export interface PolicyFile<Policy> {
  readonly policy: Policy;
  /** What to send: the text of the file, or without spaces if it is too long. */
  readonly policyText: string;
}

/**
 * Reads and checks a policy file, and prints warnings about it. Throws INVALID_INPUT with all problems.
 * @param file Path, or `-` for standard input.
 */
export async function readPolicyFile<Policy>(
  context: CommandContext,
  file: string,
  kind: PolicyKind<Policy>,
): Promise<PolicyFile<Policy>> {
  const shown = file === '-' ? `${kind.name} on standard input` : `${kind.name} file ${file}`;
  const text = await readPolicySource(context, file).catch((error: unknown) => {
    if (!(error instanceof UnreadableFile)) throw error;
    throw new EcrpError('INVALID_INPUT', `${shown}: it ${error.message}`, {
      hint: explainPath(file, kind.command),
    });
  });
  const { policy, problems, warnings } = kind.check(parseJson(shown, text));
  for (const warning of warnings) context.messages.warn(`${shown}: ${warning}`);
  if (policy !== undefined) return { policy, policyText: kind.fits(text) ? text : JSON.stringify(policy) };
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

function explainPath(file: string, command: string): string {
  if (file.startsWith('file://')) {
    return `Give the path alone: --policy ${file.replace('file://', '')}`;
  }
  if (/^\s*\{/.test(file))
    return `Give a file, or pipe the text: printf '%s' "$POLICY" | ecrp ${command} REPO --policy -`;
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
