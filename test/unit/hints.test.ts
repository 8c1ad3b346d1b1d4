import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readTree } from '../support/architecture.ts';

// Every error says what to do next: the class takes a hint, and leaves it to its callers whether they give one.

/** Without a hint of their own, each for its reason. */
const EXCUSED: Readonly<Record<string, string>> = {
  'src/cli/credential-helper.ts': "docker's protocol has room for a message only",
  'src/ecr/fetch-logo.ts': 'the error around them has the hint',
  'src/cli/commands/push/try-each.ts': 'it follows the error of another image, which has the hint',
};

/** The text from each `new EcrpError(` on to the end of its statement. */
function findErrors(text: string): readonly string[] {
  return Array.from(text.matchAll(/new EcrpError\(.*?;$/gms), ([statement]) => statement);
}

/** `details` that were put together elsewhere are not looked at. */
const hasHint = (error: string): boolean => /\bhint\b|\bdetails\b/.test(error);

it('every error is made with a hint', () => {
  const files = readTree(join(import.meta.dirname, '..', '..'), 'src');
  const without = files.flatMap(({ path, text }) =>
    Object.hasOwn(EXCUSED, path) ? [] : findErrors(text).filter((error) => !hasHint(error)),
  );
  expect(without).toEqual([]);
});

it('finds those that have none', () => {
  const text = "throw new EcrpError('AUTH', f(a));\nthrow new EcrpError('AUTH', b, { hint: c });\n";
  expect(findErrors(text).filter((error) => !hasHint(error))).toEqual(["new EcrpError('AUTH', f(a));"]);
});
