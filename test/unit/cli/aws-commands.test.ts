import { expect, it } from 'vitest';
import { findReplacement } from '../../../src/cli/aws-commands.ts';
import { readNotes } from '../../../src/cli/help.ts';
import { buildProgram } from '../../../src/cli/program.ts';
import { OPERATIONS } from '../../../src/wire/operations.ts';

const program = buildProgram(async () => undefined);

/** Of private ECR alone. `ecrp image list` does the work of ListImages by another operation. */
const PRIVATE = [
  'DeleteLifecyclePolicy',
  'GetLifecyclePolicy',
  'PutImageScanningConfiguration',
  'PutImageTagMutability',
  'PutLifecyclePolicy',
];

it.each([...Object.keys(OPERATIONS), ...PRIVATE])('the command in place of %s calls it', (operation) => {
  const awsCommand = operation.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
  const [first, ...words] = findReplacement(awsCommand)?.split(' ') ?? [];
  expect(first).toBe('ecrp');
  const path = words.filter((word) => !word.startsWith('--'));
  const command = path.reduce(
    (parent, name) => parent.commands.find((c) => c.name() === name) ?? parent,
    program,
  );
  expect(command.name()).toBe(path.at(-1));
  expect(readNotes(command).operations).toContain(operation);
});

it('knows what the aws CLI has beside the operations, and nothing else', () => {
  expect(findReplacement('get-login-password')).toBe('ecrp login --password-stdout');
  expect(findReplacement('describe-everything')).toBeUndefined();
});
