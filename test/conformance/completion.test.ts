import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { runCli } from '../support/cli.ts';
import { writeOciLayout } from '../support/image-writers.ts';
import { makeImage } from '../support/images.ts';
import { startWorkplace } from '../support/workplace.ts';
import { type Client, describeWithClients, requireClient } from './support/clients.ts';
import { runProgram } from './support/process.ts';

// The scripts of `ecrp completion`, in the shells themselves: keys are typed, and the command line that results is run.

const root = join(import.meta.dirname, '../..');
const { home, emulator } = await startWorkplace();
const files = join(home.directory, 'files');
const bin = join(home.directory, 'bin');
const env = {
  ...home.env,
  ...emulator.env,
  // Names arrive on a slow machine too.
  ECRP_COMPLETION_TIMEOUT: '10m',
  PATH: `${bin}:/usr/local/bin:/usr/bin:/bin`,
  TERM: 'dumb',
  LANG: 'C.UTF-8',
};

beforeAll(async () => {
  await mkdir(join(files, 'my images'), { recursive: true });
  await writeFile(join(files, 'my images', 'app one.tar'), '');
  await writeFile(join(files, 'other.tar'), '');
  await mkdir(bin);
  // Completes as the built program does. Any other command prints its arguments, one in each pair of brackets.
  await writeFile(
    join(bin, 'ecrp'),
    `#!/bin/sh
case "$1" in
  __complete|completion) exec '${process.execPath}' '${join(root, 'bin/ecrp.js')}' "$@";;
esac
printf '<%s>' "$@"
echo
`,
  );
  await chmod(join(bin, 'ecrp'), 0o755);
  await writeOciLayout(join(home.directory, 'layout'), [await makeImage({ seed: 3, layers: [{}] })]);
  const argv = ['push', join(home.directory, 'layout'), 'team/app:1.0', '--create-repo'];
  const pushed = await runCli(argv, { env: { ...home.env, ...emulator.env } });
  expect(pushed.status, pushed.stderr).toBe(0);
});

/** Typed keys, with TAB where the shell completes, and the arguments that ecrp gets. */
const TYPED: readonly (readonly [keys: string, argv: readonly string[]])[] = [
  ['ecrp pus\t', ['push']],
  ['ecrp repo des\t tea\t', ['repo', 'describe', 'team/app']],
  ['ecrp push other.tar team/app:1\t', ['push', 'other.tar', 'team/app:1.0']],
  ['ecrp push oth\t tea\t:1\t', ['push', 'other.tar', 'team/app:1.0']],
  ['ecrp push my\t\t', ['push', 'my images/app one.tar']],
  ['ecrp push x --if-exists=sk\t', ['push', 'x', '--if-exists=skip']],
  ['ecrp push x --compression z\t', ['push', 'x', '--compression', 'zstd']],
  ['ecrp push x --catalog=oth\t', ['push', 'x', '--catalog=other.tar']],
  ['ecrp push x --catalo\t oth\t', ['push', 'x', '--catalog', 'other.tar']],
];

function printBrackets(argv: readonly string[]): string {
  return argv.map((argument) => `<${argument}>`).join('');
}

/** Types keys into an interactive shell on a pseudo-terminal, which util-linux's `script` makes. Returns what ecrp printed. */
async function type(command: string, setup: string, keys: readonly string[]): Promise<readonly string[]> {
  const lines = await show(command, setup, keys);
  return lines.filter((line) => /^<.*>$/.test(line));
}

/** As `type`. Returns all that is on the terminal. */
async function show(command: string, setup: string, keys: readonly string[]): Promise<readonly string[]> {
  const input = `${setup}\n${keys.join('\n')}\nexit\n`;
  const { stdout } = await runProgram('script', ['-q', '-c', command, '/dev/null'], {
    env,
    cwd: files,
    input,
  });
  return stdout.split(/\r?\n/);
}

const SHELLS: readonly { client: Client; start: string; setup: string }[] = [
  {
    client: 'bash',
    start: '--norc --noprofile -i',
    setup: "PS1='$ '; source <(ecrp completion bash)",
  },
  {
    client: 'zsh',
    start: '-f -i',
    setup: "PS1='%% '; autoload -Uz compinit; compinit -u -D; source <(ecrp completion zsh)",
  },
];

for (const { client, start, setup } of SHELLS) {
  describeWithClients(client, [client, 'script'], () => {
    test('completes commands, values, names of the registry and files', async () => {
      const lines = await type(
        `${requireClient(client)} ${start}`,
        setup,
        TYPED.map(([keys]) => keys),
      );
      expect(lines).toEqual(TYPED.map(([, argv]) => printBrackets(argv)));
    });
  });
}

describeWithClients('zsh', ['zsh', 'script'], () => {
  test('loads the script as a function of its own', async () => {
    const functions = join(home.directory, 'functions');
    await mkdir(functions);
    const { stdout } = await runCli(['completion', 'zsh']);
    await writeFile(join(functions, '_ecrp'), stdout);
    const setup = `PS1='%% '; fpath=(${functions} $fpath); autoload -Uz compinit; compinit -u -D`;
    const keys = ['ecrp pus\t', 'ecrp repo des\t tea\t'];
    expect(await type(`${requireClient('zsh')} -f -i`, setup, keys)).toEqual([
      '<push>',
      '<repo><describe><team/app>',
    ]);
  });
});

describeWithClients('zsh', ['zsh', 'script'], () => {
  test('describes commands, and shows values alone', async () => {
    const { setup = '' } = SHELLS.find(({ client }) => client === 'zsh') ?? {};
    const start = `${requireClient('zsh')} -f -i`;
    const commands = (await show(start, setup, ['ecrp image de\t'])).join('\n');
    expect(commands).toMatch(/describe +-- describe one image/);
    const values = (await show(start, setup, ['ecrp push x --if-exists \t'])).join('\n');
    expect(values).toContain('overwrite');
    expect(values).not.toContain('--  ');
    expect(values).not.toMatch(/-- (overwrite|skip|fail)/);
  });
});

describeWithClients('fish', ['fish'], () => {
  test.each<[string, readonly string[]]>([
    ['ecrp pus', [expect.stringMatching(/^push\tpush an image/)]],
    ['ecrp repo describe tea', ['team/app']],
    ['ecrp push other.tar team/app:1', ['team/app:1.0']],
    ['ecrp push my', ['my images/']],
    ['ecrp push my\\ images/', ['my images/app one.tar']],
    ['ecrp push x --if-exists=sk', ['--if-exists=skip']],
    ['ecrp push x --compression z', ['zstd']],
    ['ecrp push x --catalog=oth', ['--catalog=other.tar']],
  ])('completes %j', async (line, expected) => {
    const code = `ecrp completion fish | source; complete -C '${line}'`;
    const { stdout, stderr } = await runProgram(requireClient('fish'), ['--no-config', '-c', code], {
      env,
      cwd: files,
    });
    expect(stderr).toBe('');
    expect(stdout.trimEnd().split('\n')).toEqual(expected);
  });
});
