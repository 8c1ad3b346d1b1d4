import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Argument, Command, Option } from 'commander';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildProgram } from '../../src/cli/program.ts';
import { type CliResult, runCli } from '../support/cli.ts';
import { startWorkplace } from '../support/workplace.ts';

// Every command with values that a person or a script may pass by mistake. No mistake of theirs is a bug of ecrp.

const { home, emulator } = await startWorkplace();
const archive = join(import.meta.dirname, '..', '..', 'fixtures', 'archives', 'docker-20.10-one.tar');
const env = { ...home.env, ...emulator.env };

beforeAll(() => runCli(['repo', 'create', 'app'], { env }));

/** Some tests write where others read. */
beforeEach(async () => {
  await rm(home.directory, { recursive: true });
  await mkdir(home.directory);
  const at = (name: string) => join(home.directory, name);
  await writeFile(at('file'), 'text\n');
  await writeFile(at('binary'), Buffer.from([0, 0xff, 0xfe, 0x80, 0x0a]));
  await symlink('loop', at('loop'));
  await symlink('gone', at('dangling'));
  await writeFile(at('policy.json'), '{"Statement":[]}');
});

const long = 'x'.repeat(5_000);
const texts = ['', 'a\0b', 'a\nb', '\ud800', long, '-1', 'https://robot:hunter2@example.com/x'];
const paths = ['', '.', 'nowhere', 'file/below', 'loop', 'dangling', 'binary', '/dev/null'];
const outputs = ['/dev/full'];

/** Values that each argument and mandatory option gets while another one is tried. */
const plain: Readonly<Record<string, string>> = {
  ...{ source: archive, reference: 'app:1', name: 'app', repo: 'app', host: emulator.registryHost },
  ...{ 'key=value': 'a=b', key: 'a', file: 'policy.json', policy: 'policy.json', push: '123456789012' },
  ...{ displayName: 'x', catalog: 'policy.json', tag: '1', ref: 'app:1' },
};

interface Target {
  /** For the title. */
  readonly title: string;
  readonly values: readonly string[];
  readonly compose: (value: string) => readonly string[];
}

/** Commands that end by themselves. */
const commands = listLeaves(buildProgram(async () => undefined)).filter(
  ({ path }) => !['emulator', 'version', 'completion'].includes(path[0] ?? ''),
);

function listLeaves(
  command: Command,
  path: readonly string[] = [],
): readonly { path: readonly string[]; command: Command }[] {
  if (command.commands.length === 0) return [{ path, command }];
  return command.commands.flatMap((each) => listLeaves(each, [...path, each.name()]));
}

/** Lists the arguments and options of a command that take a value. */
function listTargets(path: readonly string[], command: Command): readonly Target[] {
  const given = command.registeredArguments;
  const mandatory = command.options.filter((option) => option.mandatory);
  const compose = (tried: Argument | Option | undefined, value: string): readonly string[] => [
    ...path,
    ...given.flatMap((each) => {
      if (each === tried) return [value];
      return each.required ? [plain[each.name()] ?? 'app'] : [];
    }),
    ...mandatory
      .filter((each) => each !== tried)
      .map((each) => `${each.long}=${plain[each.attributeName()] ?? 'x'}`),
    ...(tried !== undefined && 'long' in tried ? [`${tried.long}=${value}`] : []),
    ...(command.options.some(({ long: name }) => name === '--yes') ? ['--yes'] : []),
  ];
  return [
    ...given.map((each) => ({
      title: `<${each.name()}>`,
      values: /source|file|destination/.test(each.name()) ? [...texts, ...paths] : texts,
      compose: (value: string) => compose(each, value),
    })),
    ...command.options
      .filter((option) => option.required)
      .map((option) => ({
        title: String(option.long),
        values: /<(file|dir|path)/.test(option.flags) ? ['a\0b', long, ...paths, ...outputs] : texts,
        compose: (value: string) => compose(option, value),
      })),
  ];
}

/** Fails if the result is a bug, or a failure that does not say what to do. */
function expectNoBug(argv: readonly string[], { status, stdout, stderr, json }: CliResult): void {
  const shown = JSON.stringify(argv).slice(0, 300);
  expect(status, `${shown}\n${stdout}${stderr}`).not.toBe(1);
  expect(stdout + stderr, shown).not.toMatch(/\[object|\n\s+at .*:\d+:\d+/);
  if (status === 0) return;
  expect(stdout + stderr, shown).not.toContain('hunter2');
  expect(json(), shown).toMatchObject({
    error: {
      code: expect.not.stringMatching(/INTERNAL/),
      message: expect.stringMatching(/\w/),
      hint: expect.stringMatching(/\w/),
    },
    exitStatus: status,
  });
}

async function tryValues({ values, compose }: Target): Promise<void> {
  for (const value of values) {
    const argv = [...compose(value), '--json', '-q'];
    expectNoBug(argv, await runCli(argv, { env, cwd: home.directory }));
  }
}

describe.each(commands.map(({ path, command }) => ({ name: path.join(' '), path, command })))(
  '$name',
  ({ path, command }) => {
    const targets = listTargets(path, command);
    if (targets.length > 0) it.each(targets)('$title', tryValues);
    else
      it('without values', async () => {
        const argv = [...path, '--json', '-q'];
        expectNoBug(argv, await runCli(argv, { env, cwd: home.directory }));
      });
  },
);

describe('an option of every command', () => {
  const { options } = buildProgram(async () => undefined);
  it.each(options.filter(({ required }) => required))('$long', ({ long: name }) =>
    tryValues({ title: '', values: texts, compose: (value) => ['repo', 'list', `${name}=${value}`] }),
  );
});

describe('a variable of the environment', () => {
  it.each([
    ...[
      'HOME',
      'DOCKER_CONFIG',
      'ECRP_STATE_DIR',
      'ECRP_CACHE_DIR',
      'XDG_STATE_HOME',
      'XDG_CACHE_HOME',
      'TMPDIR',
    ],
    ...['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE', 'AWS_CA_BUNDLE'],
  ])('%s that is no usable path', async (name) => {
    // An empty HOME is the home of whoever runs the tests.
    for (const value of [...paths, long].filter((each) => each !== '' || name !== 'HOME')) {
      for (const argv of [['push', archive, 'app:1'], ['login']]) {
        const asked = [...argv, '--json', '-q'];
        const result = await runCli(asked, { env: { ...env, [name]: value }, cwd: home.directory });
        expectNoBug([`${name}=${value}`, ...asked], result);
      }
    }
  });

  it.each([
    ...['AWS_ENDPOINT_URL_ECR_PUBLIC', 'ECRP_REGISTRY_HOST', 'AWS_REGION', 'AWS_PROFILE', 'ECRP_SPOOL_LIMIT'],
    ...['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'HTTPS_PROXY', 'NO_PROXY'],
    ...['SOURCE_DATE_EPOCH', 'AWS_USE_FIPS_ENDPOINT', 'DOCKER_AUTH_CONFIG', 'GITHUB_ACTIONS', 'TERM'],
  ])('%s that is no usable value', async (name) => {
    // No environment holds a NUL.
    for (const value of texts.filter((each) => !each.includes('\0'))) {
      for (const argv of [['push', archive, 'app:1'], ['login']]) {
        const asked = [...argv, '--json', '-q', '--retry-budget', '1ms'];
        const result = await runCli(asked, { env: { ...env, [name]: value }, cwd: home.directory });
        expectNoBug([`${name}=${value}`, ...asked], result);
      }
    }
  });
});

it('an emulator that cannot start', async () => {
  for (const option of ['--data', '--identity', '--log', '--fault', '--port', '--account', '--alias']) {
    for (const value of ['', 'a\0b', long, 'file/below', 'loop', 'binary', '{}']) {
      const argv = ['emulator', '--port=0', `${option}=${value}`, '--json', '--', 'true'];
      const result = await runCli(argv, { env, cwd: home.directory });
      if (result.status !== 0) expectNoBug(argv, result);
    }
  }
});
