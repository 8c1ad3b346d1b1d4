import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { readIdentities } from '../../src/emulator/identity-file.ts';
import { type CliResult, runCli } from '../support/cli.ts';
import { startForwardProxy } from '../support/forward-proxy.ts';
import { PRIVATE_ROOT, startTlsFront } from '../support/tls-front.ts';
import { startWorkplace } from '../support/workplace.ts';

// The table of errors in README.md: each error is provoked, and a command that follows the advice succeeds.

const root = join(import.meta.dirname, '..', '..');
const archives = join(root, 'fixtures', 'archives');
const archive = join(archives, 'docker-20.10-one.tar');
const another = join(archives, 'skopeo-oci.tar');

const identities = [
  { accessKeyId: 'AKIAPUBLISHER', secretAccessKey: 'publisher' },
  { accessKeyId: 'ASIAOLD', secretAccessKey: 'old', sessionToken: 'old', expiresAt: '2026-01-01T00:00:00Z' },
  {
    accessKeyId: 'AKIALIMITED',
    secretAccessKey: 'limited',
    allowedActions: ['ecr-public:BatchCheckLayerAvailability', 'ecr-public:PutImage'],
  },
  {
    accessKeyId: 'AKIATHEIRS',
    secretAccessKey: 'theirs',
    registryId: '210987654321',
    registryAlias: 'theirs',
  },
];
const { home, emulator } = await startWorkplace({
  allowedHosts: ['api.example.test', 'registry.example.test'],
  identities: readIdentities(JSON.stringify(identities)),
});

const port = Number(new URL(emulator.url).port);
const front = await startTlsFront(port);
const proxy = await startForwardProxy({
  hosts: { 'api.example.test': front.port, 'registry.example.test': front.port },
  plainHosts: { 'registry.example.test': port },
});
afterAll(() => {
  proxy.close();
  front.close();
});

/** Behind a proxy of a company that opens TLS connections. */
const company = {
  AWS_ENDPOINT_URL_ECR_PUBLIC: 'https://api.example.test',
  ECRP_REGISTRY_HOST: 'registry.example.test',
  HTTPS_PROXY: `http://${proxy.host}`,
  http_proxy: `http://${proxy.host}`,
};
const keysOf = (identity: (typeof identities)[number] | undefined) => ({
  AWS_ACCESS_KEY_ID: identity?.accessKeyId,
  AWS_SECRET_ACCESS_KEY: identity?.secretAccessKey,
  AWS_SESSION_TOKEN: identity?.sessionToken,
});

interface Attempt {
  readonly argv: readonly string[];
  /** Changes of the environment. Undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdin?: Buffer;
}

interface Trouble {
  /** Must succeed before the error. */
  readonly before?: readonly Attempt[];
  readonly failing: Attempt;
  readonly mended: Attempt;
}

const push = ['push', archive, 'app:1.0'];
const create: Attempt = { argv: ['repo', 'create', 'app'] };

/** By the beginning of the row. */
const troubles: Readonly<Record<string, Trouble>> = {
  'No AWS credentials': {
    failing: { argv: ['repo', 'list'], env: keysOf(undefined) },
    mended: { argv: ['repo', 'list'], env: keysOf(identities[0]) },
  },
  'The credentials have expired': {
    before: [create],
    failing: { argv: push, env: keysOf(identities[1]) },
    mended: { argv: push, env: keysOf(identities[0]) },
  },
  '… is not authorized': {
    before: [create],
    failing: { argv: push, env: keysOf(identities[2]) },
    mended: { argv: push, env: keysOf(identities[0]) },
  },
  "The repository with name 'app'": {
    failing: { argv: push },
    mended: { argv: [...push, '--create-repo'] },
  },
  '…: the registry … is not yours': {
    failing: { argv: ['push', archive, `${emulator.registryHost}/theirs/app:1.0`, '--create-repo'] },
    mended: {
      argv: ['push', archive, `${emulator.registryHost}/${emulator.registryAlias}/app:1.0`, '--create-repo'],
    },
  },
  'app:1.0: no such file': {
    before: [create],
    failing: { argv: ['push', 'app:1.0'] },
    mended: { argv: ['push', '-', 'app:1.0'], stdin: await readFile(archive) },
  },
  'the tag 1.0 is on': {
    before: [create, { argv: push }],
    failing: { argv: ['push', another, 'app:1.0', '--if-exists', 'fail'] },
    mended: { argv: ['push', another, 'app:1.0', '--if-exists', 'overwrite'] },
  },
  '--region': {
    // AWS's own endpoint. The error comes before any request.
    failing: { argv: [...push, '--region', 'eu-west-1'], env: { AWS_ENDPOINT_URL_ECR_PUBLIC: undefined } },
    mended: { argv: [...push, '--create-repo'], env: { AWS_REGION: 'eu-west-1' } },
  },
  '…: no trusted connection': {
    failing: { argv: ['repo', 'list'], env: company },
    mended: { argv: ['repo', 'list'], env: { ...company, AWS_CA_BUNDLE: PRIVATE_ROOT } },
  },
  '…: its decompressed content': {
    before: [create],
    failing: { argv: ['push', `${archive}.gz`, 'app:1.0', '--dry-run'], env: { ECRP_SPOOL_LIMIT: '1K' } },
    mended: { argv: [...push, '--dry-run'], env: { ECRP_SPOOL_LIMIT: '1K' } },
  },
};

/** First column of the table, in its order. */
async function readQuotes(): Promise<readonly string[]> {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const [, section = ''] = /^## Troubleshooting\n(.*?)^## /ms.exec(readme) ?? [];
  return [...section.matchAll(/^\| `([^`]+)` \| /gm)].map(([, quote = '']) => quote);
}

function attempt({ argv, env = {}, stdin }: Attempt): Promise<CliResult> {
  const all = Object.entries({ ...home.env, ...emulator.env, ...env });
  const given = all.filter((entry): entry is [string, string] => entry[1] !== undefined);
  return runCli(argv, { env: Object.fromEntries(given), cwd: home.directory, ...(stdin && { stdin }) });
}

async function succeed(command: Attempt): Promise<void> {
  const { status, stderr } = await attempt(command);
  expect(status, `${command.argv.join(' ')}\n${stderr}`).toBe(0);
}

/** `…` in a quote stands for any text. */
function matchQuote(quote: string): RegExp {
  const texts = quote.split('…').map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^error: ${texts.join('.+')}$`, 'm');
}

describe('an error in the table of README.md', async () => {
  const quotes = await readQuotes();
  beforeEach(async () => {
    await attempt({ argv: ['repo', 'delete', 'app', '--force', '--yes'] });
  });

  test('is one of those provoked here, in that order', () => {
    expect(quotes.map((quote) => Object.keys(troubles).find((begin) => quote.startsWith(begin)))).toEqual(
      Object.keys(troubles),
    );
  });

  test.each(quotes)('%s', async (quote) => {
    const found = Object.entries(troubles).find(([begin]) => quote.startsWith(begin));
    if (found === undefined) throw new Error('nothing provokes it');
    const [, { before = [], failing, mended }] = found;
    for (const command of before) await succeed(command);
    const { status, stdout, stderr } = await attempt(failing);
    expect(status).toBeGreaterThan(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(matchQuote(quote));
    expect(stderr).toMatch(/^hint: \S/m);
    await succeed(mended);
  });
});
