import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { appendToFile } from '../../files/append-file.ts';
import { describeFileError, findErrorCode } from '../../files/file-errors.ts';
import type { CommandContext } from '../command-context.ts';
import { formatDocument, type Outcome } from '../output.ts';
import { formatStepSummary, type Publication } from './step-summary.ts';

/** GitHub discards a longer summary of a step as a whole. */
const MOST_SUMMARY_BYTES = 1024 * 1024;

/**
 * Reports a publication to a job of GitHub Actions: `digest`, `reference` and `json` as outputs of the step, and a table in its summary.
 * With several images, `digest` and `reference` have a line for each. Never throws: a file that cannot be written is a warning.
 */
export async function reportPublication(
  { io, messages }: Pick<CommandContext, 'io' | 'messages'>,
  publication: Publication,
  result: NonNullable<Outcome['result']>,
): Promise<void> {
  const { images } = publication;
  const outputs = [
    ...(images.length === 0
      ? []
      : [
          formatOutput('digest', images.map(({ imageDigest }) => imageDigest).join('\n')),
          formatOutput('reference', images.map(({ reference }) => reference).join('\n')),
        ]),
    formatOutput('json', formatDocument(result).trimEnd()),
  ];
  const files = [
    { variable: 'GITHUB_OUTPUT', text: outputs.join('') },
    { variable: 'GITHUB_STEP_SUMMARY', text: formatStepSummary(publication), mostBytes: MOST_SUMMARY_BYTES },
  ];
  for (const { variable, text, mostBytes } of files) {
    const path = io.env[variable];
    if (!path) continue;
    try {
      // A step may have written a last line without its end.
      await appendToFile(resolve(io.cwd, path), `\n${text}`, mostBytes);
    } catch (error) {
      const isTooLong = mostBytes !== undefined && findErrorCode(error) === 'EFBIG';
      const reason = isTooLong ? 'it would be longer than GitHub allows' : describeFileError(error);
      messages.warn(`${variable}: ${path} cannot be written, so this job lacks a report: ${reason}`);
    }
  }
}

/** The delimiter is random, so that no value contains it. */
function formatOutput(name: string, value: string): string {
  const delimiter = `ecrp_${randomUUID()}`;
  return `${name}<<${delimiter}\n${value}\n${delimiter}\n`;
}
