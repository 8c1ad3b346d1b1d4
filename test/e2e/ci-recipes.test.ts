import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { callApi } from '../support/call-api.ts';
import { ROLE_TOKEN, startTokenService } from '../support/metadata-servers.ts';
import { startWorkplace } from '../support/workplace.ts';

// The shell parts of the recipes in README run as they stand, with the built program. npm and docker are stand-ins.

const root = join(import.meta.dirname, '../..');
const archive = join(root, 'fixtures/archives/docker-20.10-one.tar');
const jobKeys = { accessKeyId: 'ASIAJOB', secretAccessKey: 'of-the-job' };

const { home, emulator } = await startWorkplace({
  identities: [{ ...jobKeys, sessionToken: ROLE_TOKEN, allowedActions: ['*'] }],
});
const sts = await startTokenService(jobKeys);
afterAll(() => sts.close());

interface Recipes {
  readonly github: { readonly steps: readonly { readonly uses?: string; readonly run?: string }[] };
  readonly gitlab: {
    readonly publish: {
      readonly id_tokens: Readonly<Record<string, unknown>>;
      readonly variables: Readonly<Record<string, string>>;
      readonly script: readonly string[];
    };
  };
}

let recipes: Recipes;
beforeAll(async () => {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const [github, gitlab] = [...readme.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text = '']) =>
    parse(text),
  );
  // A recipe of another form fails in its test.
  recipes = { github, gitlab };
  await callApi(emulator, 'CreateRepository', { repositoryName: 'app' });
});

/** Makes the workspace of a job, and programs for its PATH. */
async function makeJob() {
  const directory = await mkdtemp(join(home.directory, 'job-'));
  const programs = join(directory, 'programs');
  await mkdir(programs);
  const add = (name: string, script: string) =>
    writeFile(join(programs, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  await add('ecrp', `exec '${process.execPath}' '${join(root, 'bin/ecrp.js')}' "$@"`);
  await add('npm', 'test "$1 $2" = "install --global"');
  await add(
    'docker',
    `case $1 in build) ;; save) test "$3" = --output && cp '${archive}' "$4";; *) exit 1;; esac`,
  );
  const { AWS_ENDPOINT_URL_ECR_PUBLIC, ECRP_REGISTRY_HOST } = emulator.env;
  const place = { AWS_ENDPOINT_URL_ECR_PUBLIC, ECRP_REGISTRY_HOST };
  return { directory, env: { ...home.env, ...place, PATH: `${programs}:${process.env.PATH}`, CI: 'true' } };
}

/** Runs a script as the runners do. It gets no terminal and no input. */
async function runScript(
  script: string,
  cwd: string,
  env: Record<string, string | undefined>,
): Promise<string> {
  const child = spawn('bash', ['-e', '-o', 'pipefail', '-c', script], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  const status = await new Promise((resolve) => child.on('close', resolve));
  expect(status, said).toBe(0);
  return said;
}

async function findDigest(imageTag: string): Promise<string | undefined> {
  const imageIds = [{ imageTag }];
  const { imageDetails } = await callApi(emulator, 'DescribeImages', { repositoryName: 'app', imageIds });
  return imageDetails?.[0]?.imageDigest;
}

it('the workflow of GitHub Actions pushes with the keys of its role', async () => {
  const { directory, env } = await makeJob();
  // As aws-actions/configure-aws-credentials exports them.
  const keys = {
    AWS_ACCESS_KEY_ID: jobKeys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: jobKeys.secretAccessKey,
    AWS_SESSION_TOKEN: ROLE_TOKEN,
    AWS_REGION: 'us-east-1',
  };
  const output = join(directory, 'output');
  const github = { GITHUB_ACTIONS: 'true', GITHUB_REF_NAME: 'v1.0', GITHUB_OUTPUT: output };
  const { steps } = recipes.github;
  expect(steps.map(({ uses = '' }) => uses.replace(/@v\d+$/, ''))).toContain(
    'aws-actions/configure-aws-credentials',
  );
  for (const { run } of steps) {
    if (run !== undefined) await runScript(run, directory, { ...env, ...keys, ...github });
  }
  const digest = await findDigest('v1.0');
  expect(digest).toMatch(/^sha256:/);
  expect(await findDigest('latest')).toBe(digest);
  expect(await readFile(output, 'utf8')).toContain(`\n${digest}\n`);
});

it('the job of GitLab pushes with its ID token', async () => {
  const { directory, env } = await makeJob();
  const { id_tokens, variables, script } = recipes.gitlab.publish;
  const tokenFile = join(directory, 'id-token');
  await writeFile(join(directory, 'app.tar'), await readFile(archive));
  const [name = ''] = Object.keys(id_tokens);
  const gitlab = {
    ...variables,
    [name]: 'a.b.c',
    // The recipe's path is in a container of the job.
    AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile,
    AWS_ENDPOINT_URL_STS: sts.url,
    CI_COMMIT_TAG: 'v2.0',
  };
  expect(variables).toHaveProperty('AWS_WEB_IDENTITY_TOKEN_FILE');
  await runScript(script.join('\n'), directory, { ...env, ...gitlab });
  const digest = await findDigest('v2.0');
  expect(digest).toMatch(/^sha256:/);
  expect(await readFile(join(directory, 'digest.txt'), 'utf8')).toBe(digest);
  expect(sts.asked.map((members) => Object.fromEntries(members))).toMatchObject([
    { Action: 'AssumeRoleWithWebIdentity', RoleArn: variables.AWS_ROLE_ARN, WebIdentityToken: 'a.b.c' },
  ]);
  expect((await stat(tokenFile)).mode & 0o077).toBe(0);
});
