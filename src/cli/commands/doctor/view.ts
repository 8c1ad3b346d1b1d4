import { escapeLine, formatJsonLines } from '../../../foreign-text.ts';
import { formatRepository, type RepositoryReference } from '../../../oci/reference.ts';
import type { ColoredLine } from '../../colored-lines.ts';
import type { NamedResult } from './check.ts';
import type { PolicyDocument } from './policy.ts';

/** Widths of the longest status, and of the longest name of a check. */
const STATUS_COLUMNS = 'skipped'.length;
const NAME_COLUMNS = 'docker-config'.length;
const GAP = '  ';
/** Whatever needs a person's eye. */
const COLORS: Partial<Readonly<Record<NamedResult['status'], ColoredLine['color']>>> = {
  failed: 'red',
  warning: 'yellow',
};
const INDENT = ' '.repeat(STATUS_COLUMNS + NAME_COLUMNS + 2 * GAP.length);

/**
 * The lines of a check: status, name and detail, then what to do about it. `columns` is the width of the terminal; undefined: one line
 * each, for scripts.
 */
export async function viewCheck(
  result: NamedResult,
  columns: number | undefined,
): Promise<readonly (string | ColoredLine)[]> {
  const { name, status, detail, hint } = result;
  const wrap = await chooseWrap(columns);
  const [first = '', ...more] = wrap(detail);
  const start = [status.padEnd(STATUS_COLUMNS), name.padEnd(NAME_COLUMNS), first].join(GAP);
  const remedy = hint === undefined ? [] : wrap(`hint: ${hint}`);
  const color = COLORS[status];
  const lines = [start, ...more.map((line) => `${INDENT}${line}`)];
  return [
    ...(color === undefined ? lines : lines.map((text) => ({ text, color }))),
    ...remedy.map((line) => `${INDENT}${line}`),
  ];
}

/** Scripts do not wait for what measures text. */
async function chooseWrap(columns: number | undefined): Promise<(text: string) => readonly string[]> {
  if (columns === undefined) return (text) => [text];
  const { wrapWhole } = await import('../../progress/fit-text.ts');
  return (text) => wrapWhole(escapeLine(text), Math.max(20, columns - INDENT.length - 1));
}

/** The permissions that are enough, as a document for IAM. */
export function viewPolicy(
  policy: PolicyDocument,
  managedPolicy: string,
  reference: RepositoryReference | undefined,
): readonly string[] {
  const name = reference && formatRepository(reference);
  const purpose =
    name === undefined
      ? 'all checks'
      : reference?.privateRegistry === undefined
        ? `all checks and pushes to ${name}`
        : `all checks, pushes to ${name} and pulls from it`;
  return [
    '',
    `The smallest IAM policy for ${purpose}:`,
    ...formatJsonLines(policy),
    `The managed policy ${managedPolicy} allows more.`,
  ];
}
