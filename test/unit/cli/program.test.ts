import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../../../src/cli/program.ts';
import { runCli } from '../../support/cli.ts';

/** The words that lead to each command, from the program itself. */
function listPaths(command: Command, path: readonly string[] = []): readonly (readonly string[])[] {
  return [path, ...command.commands.flatMap((each) => listPaths(each, [...path, each.name()]))];
}

const paths = listPaths(buildProgram(async () => undefined));

describe('help and version', () => {
  it('is listed for commands in groups as well', () => expect(paths).toContainEqual(['repo', 'create']));

  it('declares a command that the command line names as it declares it among all', () => {
    const all = buildProgram(async () => undefined);
    for (const command of all.commands) {
      const named = buildProgram(async () => undefined, command.name());
      const found = named.commands.find((each) => each.name() === command.name());
      expect(found?.helpInformation()).toBe(command.helpInformation());
      expect(named.commands.length).toBeLessThan(4);
    }
  });

  it('prints the version of the package', async () => {
    // Our own package.json; a missing member fails the test.
    const { version } = JSON.parse(
      readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
    ) as { version: string };
    for (const argv of [['--version'], ['-V'], ['version'], ['version', '-q']]) {
      expect(await runCli(argv)).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' });
    }
    for (const argv of [['--version'], ['-V'], ['version']]) {
      expect((await runCli([...argv, '--json'])).json()).toEqual({ schemaVersion: 1, version });
    }
  });

  it('help of push fits on one screen, in groups', async () => {
    const { stdout } = await runCli(['push', '--help']);
    expect(stdout.trimEnd().split('\n').length).toBeLessThanOrEqual(60);
    expect(stdout.match(/^\w.*:$/gm)).toEqual([
      'Arguments:',
      'Source:',
      'Target:',
      'Compression (of layers that are uncompressed):',
      'Network:',
      'Output:',
      "Options of every command, which 'ecrp --help' explains:",
      'Examples:',
    ]);
    expect(stdout).toContain(
      '--if-exists <what>       tag on another image: overwrite (default), skip, fail',
    );
  });

  it('help of the program explains the options that the help of a command lists', async () => {
    const { stdout } = await runCli(['repo', 'list', '--help']);
    const [, list = ''] = stdout.split("which 'ecrp --help' explains:");
    const options = list.match(/--[a-z-]+(?=[,\n])/g) ?? [];
    expect(options).toEqual(
      expect.arrayContaining(['--endpoint-url', '--profile', '--json', '--quiet', '--help']),
    );
    const { stdout: whole } = await runCli(['--help']);
    for (const option of options) expect(whole).toMatch(new RegExp(`^  (-., )?${option} .*[a-z]`, 'm'));
  });

  it.each(paths.map((path) => ({ path, name: path.join(' ') })))(
    'help of ecrp $name goes to stdout, in 80 columns, with examples and the global options',
    async ({ path }) => {
      const help = await runCli([...path, '--help']);
      expect(help).toMatchObject({ status: 0, stderr: '' });
      expect(help.stdout).toContain(`Usage: ecrp ${path.join(' ')}`.trimEnd());
      expect(help.stdout).toMatch(/Examples:\n {2}\$ (ecrp|docker save|source <\(ecrp) /);
      expect(help.stdout).toContain('--json');
      expect(help.stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    },
  );

  it('of a command is also what `ecrp help` prints, at each level', async () => {
    for (const path of [['push'], ['image'], ['image', 'prune']]) {
      const { status, stdout } = await runCli([...path, '--help']);
      expect(await runCli(['help', ...path])).toMatchObject({ status, stdout });
    }
  });

  it('prints help on stderr with status 2 when a command is missing', async () => {
    for (const argv of [[], ['repo']]) {
      const missing = await runCli(argv);
      expect(missing).toMatchObject({ status: 2, stdout: '' });
      expect(missing.stderr).toContain('Usage: ecrp');
    }
  });
});

describe('a wrong command line', () => {
  it.each([
    [['psh', 'app.tar'], "unknown command 'psh'", 'Did you mean push?'],
    [
      ['describe-images', '--repository-name', 'app'],
      "unknown command 'describe-images'",
      "Use 'ecrp image list' in",
    ],
    [['push'], "missing required argument 'source'", 'ecrp push --help'],
    [['push', '', 'app:1'], 'the source is empty', 'Is the variable set that it comes from?'],
    [['push', 'a', 'b', 'c'], 'too many arguments', 'ecrp push --help'],
    [['push', 'a', '--taag', 'x'], "unknown option '--taag'", 'Did you mean --tag?'],
    [['push', 'a', '--concurrency', '0'], 'whole number from 1 to 64', 'ecrp push --help'],
    [['push', 'a', '--concurrency', '4e0'], 'whole number from 1 to 64', 'ecrp push --help'],
    [['push', 'a', '--part-size', '4'], 'whole number from 5 to 20', 'ecrp push --help'],
    [['push', 'a', '--format', 'x'], 'Allowed choices are docker, oci', 'ecrp push --help'],
    [['push', 'a', '--digest-file', ''], 'must not be empty', 'ecrp push --help'],
    [['repo', 'crate'], "unknown command 'crate'", 'Did you mean create?'],
    [['repo', 'list', '-q', '-v'], "'-q, --quiet' cannot be used with option '-v, --verbose'", '--help'],
    [['repo', 'list', '--progress', 'live'], 'Allowed choices are auto, plain, json, none', 'ecrp --help'],
    [['repo', 'list', '--endpoint-url', 'localhost:1'], 'http or https URL', 'such as http://'],
    [['repo', 'list', '--endpoint-url', 'http://a:b@c'], 'contains a user name', 'such as http://'],
    [['repo', 'list', '--registry-host', 'http://x'], 'is not a host', 'HOST or HOST:PORT'],
    [
      ['login', '--password-stdout', '--credential-helper'],
      'cannot be used with option',
      'ecrp login --help',
    ],
    [['emulator', '--port', '65536'], 'whole number from 0 to 65535', 'ecrp emulator --help'],
  ])('%j', async (argv, message, hint) => {
    const plain = await runCli(argv);
    expect(plain).toMatchObject({ status: 2, stdout: '' });
    expect(plain.stderr).toMatch(/^error: /);
    expect(plain.stderr).toContain(message);
    expect(plain.stderr).toContain(hint);

    const asked = await runCli([...argv, '--json']);
    expect(asked).toMatchObject({ status: 2, stderr: '' });
    expect(asked.json()).toEqual({
      schemaVersion: 1,
      error: {
        code: 'USAGE',
        message: expect.stringContaining(message),
        hint: expect.stringContaining(hint),
      },
      exitStatus: 2,
    });
  });

  it('is JSON, wherever --json is', async () => {
    for (const argv of [['--json'], ['--json', 'psh'], ['repo', '--json'], ['--json', '--nope']]) {
      const result = await runCli(argv);
      expect(result).toMatchObject({ status: 2, stderr: '' });
      expect(result.json()).toMatchObject({ schemaVersion: 1, error: { code: 'USAGE' }, exitStatus: 2 });
    }
  });

  it('is one line of JSON on stderr with --progress json', async () => {
    const { stderr, stdout, status } = await runCli(['push', '--progress', 'json']);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(JSON.parse(stderr)).toMatchObject({ event: 'error', code: 'USAGE', exitStatus: 2 });
  });
});
