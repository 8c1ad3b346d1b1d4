import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { callApi } from '../support/call-api.ts';
import { describeWithClients, requireClient } from './support/clients.ts';
import { PrivateRegistry } from './support/private-registry.ts';
import { Sandbox } from './support/sandbox.ts';

// The OCI distribution conformance suite tests `/v2/` of both services in both modes. `.ci/go-clients` has its version.

describeWithClients('the OCI distribution conformance suite', ['oci-conformance'], () => {
  describe.each([
    ['ECR Public', judgePublic],
    ['private ECR', judgePrivate],
  ] as const)('against %s', (_, judge) => {
    test('fails no check in OCI mode', async () => {
      const outcomes = await judge('oci');
      expect(outcomes.failed).toEqual([]);
      expect(outcomes.passed.length).toBeGreaterThan(500);
    });

    test('fails exactly the checks of oci-departures.txt in AWS mode', async () => {
      const outcomes = await judge('aws');
      const { always, sometimes } = readDepartures();
      expect(countNames(outcomes.failed).filter((name) => !sometimes.includes(name))).toEqual(always);
      expect(outcomes.passed.length).toBeGreaterThan(300);
    });
  });
});

interface Outcomes {
  readonly passed: readonly string[];
  readonly failed: readonly string[];
}

/** Where the suite finds two repositories. */
interface JudgedRegistry {
  readonly host: string;
  readonly password: string;
  readonly repositories: readonly [string, string];
}

/** Runs the suite against ECR Public of a new emulator. Returns the names of single checks. */
async function judgePublic(mode: 'oci' | 'aws'): Promise<Outcomes> {
  const sandbox = await Sandbox.start('--registry-mode', mode);
  onTestFinished(() => sandbox.close());
  const { emulator } = sandbox;
  for (const repositoryName of ['suite/one', 'suite/two']) {
    await callApi(emulator, 'CreateRepository', { repositoryName });
  }
  return await runSuite(sandbox, {
    host: emulator.registryHost,
    password: (await sandbox.ecrp('token', '--password')).stdout.trim(),
    repositories: [`${emulator.registryAlias}/suite/one`, `${emulator.registryAlias}/suite/two`],
  });
}

/** The same with private ECR. */
async function judgePrivate(mode: 'oci' | 'aws'): Promise<Outcomes> {
  const registry = await PrivateRegistry.start('--registry-mode', mode);
  onTestFinished(() => registry.sandbox.close());
  const repositories = [await registry.create('suite/one'), await registry.create('suite/two')] as const;
  return await runSuite(registry.sandbox, { host: registry.host, password: registry.password, repositories });
}

async function runSuite(
  sandbox: Sandbox,
  { host, password, repositories }: JudgedRegistry,
): Promise<Outcomes> {
  const results = sandbox.makeDirectory('results');
  const { stdout, stderr } = await sandbox.tryRun(requireClient('oci-conformance'), [], {
    env: {
      OCI_REGISTRY: host,
      OCI_TLS: 'disabled',
      OCI_REPO1: repositories[0],
      OCI_REPO2: repositories[1],
      OCI_USERNAME: 'AWS',
      OCI_PASSWORD: password,
      OCI_VERSION: '1.1',
      // The service accepts only digests of SHA-256.
      OCI_DATA_SHA512: 'false',
      OCI_RESULTS_DIR: results,
      OCI_LOG: 'error',
    },
  });
  const checks = readChecks(join(results, 'junit.xml'), `${stdout}${stderr}`);
  const select = (wanted: string) => checks.filter(({ status }) => status === wanted).map(({ name }) => name);
  return { passed: select('passed'), failed: select('failure') };
}

function readChecks(
  file: string,
  said: string,
): readonly { readonly name: string; readonly status: string }[] {
  const checks = readFileSync(file, 'utf8').matchAll(
    /<testcase name="OCI Conformance Test\/([^"]*)"[^>]* status="(\w+)"/g,
  );
  const read = [...checks].map(([, name = '', status = '']) => ({ name, status }));
  if (read.length === 0) throw new Error(`the suite has checked nothing: ${said}`);
  return read;
}

/** Makes the lines of the list: a name, and ` xN` if it occurs N times. */
function countNames(names: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => (count === 1 ? name : `${name} x${count}`)).sort();
}

/** `sometimes`: fails depending on random values of the suite. */
function readDepartures(): { readonly always: readonly string[]; readonly sometimes: readonly string[] } {
  const lines = readFileSync(join(import.meta.dirname, 'oci-departures.txt'), 'utf8').split('\n');
  const names = lines.filter((line) => line !== '' && !line.startsWith('#'));
  return {
    always: names.filter((line) => !line.startsWith('? ')).sort(),
    sometimes: names.flatMap((line) => (line.startsWith('? ') ? [line.slice(2)] : [])),
  };
}
