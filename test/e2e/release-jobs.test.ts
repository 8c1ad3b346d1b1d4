import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { callApi } from '../support/call-api.ts';
import { runCli, spawnCli } from '../support/cli.ts';
import { startWorkplace } from '../support/workplace.ts';

const run = promisify(execFile);
const archives = join(import.meta.dirname, '../../fixtures/archives');
const one = join(archives, 'docker-20.10-one.tar');
const several = join(archives, 'docker-20.10-two-images.tar');

const { home, emulator } = await startWorkplace();
beforeAll(() => callApi(emulator, 'CreateRepository', { repositoryName: 'job/app' }));

/** Makes the environment of a step of GitHub Actions, with its files as the runner makes them: empty. */
async function makeStep() {
  const directory = await mkdtemp(join(home.directory, 'step-'));
  const [output, summary] = [join(directory, 'output'), join(directory, 'summary')];
  await Promise.all([output, summary].map((path) => writeFile(path, '')));
  const env = {
    ...home.env,
    ...emulator.env,
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_OUTPUT: output,
    GITHUB_STEP_SUMMARY: summary,
  };
  const read = async () => ({
    outputs: parseOutputs(await readFile(output, 'utf8')),
    summary: await readFile(summary, 'utf8'),
  });
  return { directory, output, summary, env, read };
}

/** Reads a file of outputs by the rules of the runner. Source: github.com/actions/runner, FileCommandManager.cs. */
function parseOutputs(text: string): Record<string, string> {
  const outputs: Record<string, string> = {};
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (line === '') continue;
    const [, name = '', mark, rest = ''] = /^(.*?)(=|<<)(.*)$/.exec(line) ?? [];
    if (mark === '=') {
      outputs[name] = rest;
      continue;
    }
    const end = lines.indexOf(rest, at + 1);
    if (name === '' || end === -1) throw new Error(`the runner refuses the line ${line}`);
    outputs[name] = lines.slice(at + 1, end).join('\n');
    at = end;
  }
  return outputs;
}

describe('a push in a step of GitHub Actions', () => {
  it('sets digest, reference and json, and appends a summary', async () => {
    const { env, read } = await makeStep();
    const { stdout, stderr, json } = await runCli(['push', one, 'job/app:1', '--json'], {
      env,
    });
    expect(stderr).not.toContain('::');
    const { outputs, summary } = await read();
    expect(outputs).toEqual({
      digest: json().imageDigest,
      reference: json().reference,
      json: stdout.trimEnd(),
    });
    expect(summary).toContain('### ecrp: 1 image pushed');
    expect(summary).toContain(String(json().imageDigest).replace(':', '&#58;'));
  });

  it('keeps what the step wrote before, even without a line end, and adds to it', async () => {
    const { env, output, summary, read } = await makeStep();
    await writeFile(output, 'mine=1');
    await writeFile(summary, 'Mine');
    for (const tag of ['1', '2']) await runCli(['push', one, `job/app:${tag}`, '--quiet'], { env });
    const found = await read();
    expect(found.outputs).toMatchObject({ mine: '1', reference: expect.stringMatching(/\/job\/app:2$/) });
    expect(found.summary).toMatch(/^Mine\n### ecrp/);
    expect(found.summary.match(/### ecrp/g)).toHaveLength(2);
  });

  it('sets the values of each image with --all, and annotates the error of each that fails', async () => {
    const { env, read } = await makeStep();
    const push = ['push', several, 'job/many', '--all', '--create-repo'];
    const { json } = await runCli([...push, '--json'], { env });
    const images = json().images as { reference: string; imageDigest: string }[];
    expect(images.length).toBeGreaterThan(1);
    const { outputs } = await read();
    expect(outputs.digest).toBe(images.map(({ imageDigest }) => imageDigest).join('\n'));
    expect(outputs.reference).toBe(images.map(({ reference }) => reference).join('\n'));

    const failing = await makeStep();
    const missing = ['push', several, 'job/missing', '--all', '--json'];
    const { status, stderr, stdout } = await runCli(missing, { env: failing.env });
    expect(status).toBe(5);
    expect(stderr.match(/^::error title=ecrp::job\/missing:.*%0Ahint: .*$/gm)).toHaveLength(images.length);
    const found = await failing.read();
    expect(found.outputs).toEqual({ json: stdout.trimEnd() });
    expect(found.summary).toContain(`### ecrp: 0 images pushed, ${images.length} failed`);
  });

  it('reports nothing after a dry run or an error, with ECRP_ANNOTATIONS=off, and outside of such a job', async () => {
    const { env, read } = await makeStep();
    const { GITHUB_ACTIONS, ...outside } = env;
    expect(GITHUB_ACTIONS).toBe('true');
    await runCli(['push', one, 'job/app:1', '--dry-run'], { env });
    const refused = await runCli(['push', several, 'job/nowhere', '--all', '--dry-run'], { env });
    expect(refused.status).toBe(5);
    const { stderr } = await runCli(['push', one, 'job/nowhere:1'], { env });
    expect(stderr).toMatch(/^::error title=ecrp::/);
    for (const other of [{ ...env, ECRP_ANNOTATIONS: 'off' }, outside]) {
      expect(await runCli(['push', one, 'job/app:1'], { env: other })).toMatchObject({ status: 0 });
      const failed = await runCli(['push', one, 'job/nowhere:1'], { env: other });
      expect(failed.stderr).toMatch(/^error: /m);
      expect(failed.stderr).not.toContain('::');
    }
    expect(await read()).toEqual({ outputs: {}, summary: '' });
  });

  it('warns about files that cannot be written, and succeeds', async () => {
    const { env, directory } = await makeStep();
    const broken = { GITHUB_OUTPUT: join(directory, 'missing', 'file'), GITHUB_STEP_SUMMARY: directory };
    const push = ['push', one, 'job/app:1'];
    const { status, stdout, stderr } = await runCli(push, { env: { ...env, ...broken } });
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/@sha256:/) });
    expect(stderr.match(/^::warning title=ecrp::(?:GITHUB_\w+)/gm)).toEqual([
      '::warning title=ecrp::GITHUB_OUTPUT',
      '::warning title=ecrp::GITHUB_STEP_SUMMARY',
    ]);
    expect(await runCli([...push, '-q'], { env: { ...env, ...broken } })).toMatchObject({
      status: 0,
      stderr: '',
    });
  });

  it('leaves out a summary that GitHub would discard, and an output that would be cut', async () => {
    const { env, summary, output, read } = await makeStep();
    await writeFile(summary, 'a'.repeat(1024 * 1024 - 100));
    const full = await runCli(['push', one, 'job/app:1'], { env });
    expect(full).toMatchObject({ status: 0 });
    expect(full.stderr).toMatch(/^::warning title=ecrp::GITHUB_STEP_SUMMARY: .* longer than GitHub allows$/m);
    expect((await read()).summary).toHaveLength(1024 * 1024 - 100);

    await truncate(output, 10 * 1024 * 1024 - 100);
    const program = join(import.meta.dirname, '../../bin/ecrp.js');
    const limited = [
      '-c',
      'ulimit -f 10240 && exec "$@"',
      'bash',
      process.execPath,
      program,
      'push',
      one,
      'job/app:1',
    ];
    const ended = await run('bash', limited, { env: { PATH: process.env.PATH, ...env } });
    expect(ended.stderr).toContain('::warning title=ecrp::GITHUB_OUTPUT');
    expect(await readFile(output)).toHaveLength(10 * 1024 * 1024 - 100);
  });
});

describe('errors and warnings in a job of GitHub Actions', () => {
  const env = { ...home.env, ...emulator.env, GITHUB_ACTIONS: 'true' };

  it('are annotations with all their lines; the document of --json stays on stdout', async () => {
    const argv = ['repo', 'describe', 'job/nowhere'];
    const { stderr } = await runCli(argv, { env });
    expect(stderr).toMatch(
      /^::error title=ecrp::[^\n]*%0A {2}\(DescribeRepositories, [^\n]*%0Ahint: [^\n]*\n$/,
    );
    const asked = await runCli([...argv, '--json'], { env });
    expect(asked.json()).toMatchObject({ error: { code: 'NOT_FOUND' } });
    const withoutId = (text: string) => text.replace(/request [\w-]+/, 'request');
    expect(withoutId(asked.stderr)).toBe(withoutId(stderr));
    const usage = await runCli(['push'], { env });
    expect(usage).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^::error title=ecrp::[^\n]+\n$/),
    });
  });

  it('stay lines of JSON with --progress json', async () => {
    const { stderr } = await runCli(['repo', 'describe', 'job/nowhere', '--progress', 'json'], { env });
    for (const line of stderr.trimEnd().split('\n')) expect(JSON.parse(line)).toHaveProperty('event');
  });

  it('carry no command of foreign text', async () => {
    const directory = join(home.directory, 'hostile');
    await mkdir(directory, { recursive: true });
    const file = join(directory, 'x\n::set-env name=PATH::evil\n##[error]no%0A::add-mask::x.tar');
    const { stderr } = await runCli(['push', file, 'job/app:1'], { env });
    const commands = stderr.split('\n').filter((line) => /^\s*::|##\w*\[/.test(line));
    expect(commands).toEqual([expect.stringMatching(/^::error title=ecrp::/)]);
    expect(commands[0]).toContain('no%250A::add-mask');
  });

  it('come from the built program on standard error', async () => {
    const { ended } = spawnCli(['repo', 'describe', 'job/nowhere', '--quiet'], { env });
    expect(await ended).toMatchObject({ status: 5, stdout: '', stderr: expect.stringMatching(/^::error /) });
  });
});
