import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runHelperProgram } from '../../src/cli/credential-helper.ts';
import { readVersion } from '../../src/cli/read-version.ts';
import { runCli } from '../support/cli.ts';
import { startWorkplace } from '../support/workplace.ts';

const { home, emulator } = await startWorkplace();
const layout = join(import.meta.dirname, '..', '..', 'fixtures', 'archives', 'skopeo-oci-dir');

test('every request to the API and to the registry names ecrp and its version', async () => {
  const env = { ...home.env, ...emulator.env };
  const push = ['push', layout, 'named:1', '--create-repo', '--verify'];
  for (const argv of [
    push,
    push,
    ['repo', 'list'],
    ['token'],
    ['repo', 'delete', 'named', '--force', '--yes'],
  ]) {
    const { status, stderr } = await runCli(argv, { env });
    expect(status, stderr).toBe(0);
  }
  const helper = await runCli(['get'], { env, stdin: emulator.registryHost, main: runHelperProgram });
  expect(helper.status, helper.stderr).toBe(0);

  const name = `ecrp/${readVersion()}`;
  const strangers = emulator.requests.filter(({ userAgent = '' }) => !userAgent.split(' ').includes(name));
  expect(strangers).toEqual([]);
  const calls = emulator.requests.filter(({ operation }) => operation !== undefined);
  expect(calls.filter(({ userAgent }) => !userAgent?.startsWith('aws-sdk-js/'))).toEqual([]);
  // Both kinds of requests were there: calls of the API, and reads of the registry.
  expect(calls.length).toBeGreaterThan(0);
  expect(emulator.requests.length).toBeGreaterThan(calls.length);
});
