import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { EcrpError } from '../../../src/errors.ts';
import { type CliResult, type CliSettings, makeInterruption, runCli } from '../../support/cli.ts';
import { setFaults } from '../../support/emulator.ts';
import type { startWorkplace } from '../../support/workplace.ts';
import type { CommandRow, Place } from './command-row.ts';
import { expectEvent, expectValid } from './schemas.ts';

type Workplace = Awaited<ReturnType<typeof startWorkplace>>;

/**
 * Runs the command of a row for a script: a document on standard output, events on standard error, no terminal, and an empty standard
 * input. Returns the operations that the command called.
 */
export async function driveCommand(row: CommandRow, workplace: Workplace): Promise<readonly string[]> {
  const { emulator } = workplace;
  const words = ['--json', '--progress', 'json', '--verbose'];
  const result = await run(row, workplace, 'json', { words });
  expect(result.status, result.stderr).toBe(row.status ?? 0);
  expectValid(result.json(), row.document ?? (succeeds(row) ? nameSchema(row.command) : 'error'));
  for (const line of result.stderr.split('\n').filter(Boolean)) expectEvent(line);
  expectNoSecret(row, workplace, result);
  return emulator.requests.slice(result.requestsBefore).flatMap(({ operation }) => operation ?? []);
}

/** Runs it for a person: the result on standard output, all else on standard error, and there only an error when it is quiet. */
export async function drivePlainly(row: CommandRow, workplace: Workplace): Promise<void> {
  const result = await run(row, workplace, 'plain', { words: ['--quiet'] });
  expect(result.status).toBe(row.status ?? 0);
  if (succeeds(row)) expect(result.stderr).toBe('');
  else expect(result).toMatchObject({ stdout: '', stderr: expect.stringMatching(/^error: .+\n/) });
  expect(result.stdout).not.toMatch(/^(error|hint|warning): /m);
  expectNoSecret(row, workplace, result);
}

/** Runs it with a reader of standard output that has gone away, as in `| head -1`: that is no error. */
export async function driveWithoutReader(row: CommandRow, workplace: Workplace): Promise<void> {
  for (const words of [['--json'], ['--quiet']]) {
    const result = await run(row, workplace, `closed${words.join('')}`, { words, stdoutIsClosed: true });
    expect(result).toMatchObject({ status: 0, stdout: '' });
    expect(result.stderr).not.toMatch(/^error: /m);
  }
}

/** Whether a row prints the document of its command, and no error. */
export function succeeds({ status = 0, endless = false }: CommandRow): boolean {
  return status === 0 || endless;
}

/** The secret key is printed by the command alone that makes it. */
function expectNoSecret(
  { command }: CommandRow,
  { emulator }: Workplace,
  { stdout, stderr }: CliResult,
): void {
  if (command !== 'emulator') expect(stdout + stderr).not.toContain(emulator.secretAccessKey);
}

/** Runs a command of the API without credentials: status 4, and a document that says so. */
export async function driveWithoutCredentials(row: CommandRow, workplace: Workplace): Promise<void> {
  const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, ...anonymous } = workplace.emulator.env;
  const result = await run(row, workplace, 'anonymous', { words: ['--json'], env: anonymous });
  expect(result.status).toBe(4);
  expectValid(result.json(), 'error');
}

interface Variant {
  /** Further words of the command line. */
  readonly words: readonly string[];
  readonly stdoutIsClosed?: true;
  /** Environment of the run itself; that of the emulator by default. */
  readonly env?: Readonly<Record<string, string>>;
}

async function run(
  row: CommandRow,
  { home, emulator }: Workplace,
  name: string,
  variant: Variant,
): Promise<CliResult & { readonly requestsBefore: number }> {
  const { registryHost, registryAlias, privateRegistryHost: privateHost = 'none' } = emulator;
  const runName = `${row.command} ${row.what} ${name}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  const directory = join(home.directory, runName);
  mkdirSync(directory);
  const place: Place = { run: runName, directory, registryHost, registryAlias, privateHost };
  const start = (argv: readonly string[], settings: CliSettings) =>
    runCli(argv, {
      cwd: directory,
      ...settings,
      env: { ...home.env, HOME: directory, ...(settings.env ?? emulator.env) },
    });
  await setFaults(emulator, row.faults ?? []);
  for (const argv of row.before?.(place) ?? []) {
    const { status, stderr } = await start(argv, {});
    expect(status, `${argv.join(' ')}: ${stderr}`).toBe(row.beforeStatus ?? 0);
  }
  await setFaults(emulator, []);
  const { signal, interrupt } = makeInterruption(
    new EcrpError('INTERRUPTED', 'interrupted', { signal: 'SIGINT' }),
  );
  const requestsBefore = emulator.requests.length;
  const result = await start([...row.command.split(' '), ...variant.words, ...row.arguments(place)], {
    signal,
    ...(row.stdin !== undefined && { stdin: readFileSync(row.stdin) }),
    ...(row.endless && { onOutput: interrupt }),
    ...(variant.stdoutIsClosed && { stdoutIsClosed: true }),
    ...(variant.env && { env: variant.env }),
  });
  return { ...result, requestsBefore };
}

/** The schema of a command's document: `repo-create`. */
export function nameSchema(command: string): string {
  return command.replaceAll(' ', '-');
}
