import { describe, expect, it } from 'vitest';
import { listCommandPages } from '../../../.build/reference/reference.ts';
import { runCli } from '../../support/cli.ts';
import { startWorkplace } from '../../support/workplace.ts';
import type { CommandRow } from './command-row.ts';
import {
  driveCommand,
  drivePlainly,
  driveWithoutCredentials,
  driveWithoutReader,
  nameSchema,
  succeeds,
} from './drive-commands.ts';
import { catalogRows } from './rows/catalog.ts';
import { copyRows } from './rows/copy.ts';
import { doctorRows } from './rows/doctor.ts';
import { emulatorRows } from './rows/emulator.ts';
import { imageRows } from './rows/image.ts';
import { indexRows } from './rows/index.ts';
import { loginRows } from './rows/login.ts';
import { policyRows } from './rows/policy.ts';
import { privateRows } from './rows/private.ts';
import { pullRows } from './rows/pull.ts';
import { pushRows } from './rows/push.ts';
import { repoRows } from './rows/repo.ts';
import { expectValid, schemaNames } from './schemas.ts';

const rows: readonly CommandRow[] = [
  ...pushRows,
  ...copyRows,
  ...pullRows,
  ...repoRows,
  ...policyRows,
  ...privateRows,
  ...imageRows,
  ...indexRows,
  ...catalogRows,
  ...loginRows,
  ...doctorRows,
  ...emulatorRows,
];

/** Its scripts are text for a shell, with --json too. */
const WITHOUT_JSON = 'ecrp completion';

/** Schemas that are not of one command. */
const SHARED = ['common', 'error', 'event'];

const workplace = await startWorkplace({ private: {} });
const commands = listCommandPages()
  .filter(({ name, depth, commands }) => depth > 0 && commands.length === 0 && name !== WITHOUT_JSON)
  .map(({ name, operations }) => ({ command: name.replace(/^ecrp /, ''), operations }));

describe('the contract of the command line', () => {
  it('has a schema for every command, and for nothing else', () =>
    expect([...commands.map(({ command }) => nameSchema(command)), ...SHARED].sort()).toEqual(
      [...schemaNames].sort(),
    ));

  describe.each(commands)('ecrp $command', ({ command, operations }) => {
    const own = rows.filter((row) => row.command === command);
    const [first] = own.filter(succeeds);
    const [failing] = own.filter((row) => !succeeds(row) && row.document === undefined);
    const called = new Set<string>();

    it('has a row that succeeds', () => expect(first).toBeDefined());

    it.each(own)('$what', async (row) => {
      for (const operation of await driveCommand(row, workplace)) called.add(operation);
    });

    it('calls each operation that it declares', () =>
      expect([...called]).toEqual(expect.arrayContaining([...operations])));

    it.each([first, failing].filter((row) => row !== undefined))('plainly: $what', (row) =>
      drivePlainly(row, workplace),
    );

    it.each(own.filter((row) => row === first && !row.endless))('without a reader: $what', (row) =>
      driveWithoutReader(row, workplace),
    );

    it.each(own.filter((row) => row === first && operations.length > 0))(
      'without credentials: $what',
      (row) => driveWithoutCredentials(row, workplace),
    );

    it('refuses an unknown option with status 2', async () => {
      const result = await runCli([...command.split(' '), '--no-such-option', '--json']);
      expect(result).toMatchObject({ status: 2, stderr: '' });
      expectValid(result.json(), 'error');
    });
  });
});
