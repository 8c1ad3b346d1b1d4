import { mkdirSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Sandbox } from './sandbox.ts';

const helperProgram = join(import.meta.dirname, '../../../bin/docker-credential-ecrp.js');

/** The ways to give a client a login, with their options of `ecrp login`. */
export const LOGIN_WAYS = [
  ['the login that ecrp login wrote', []],
  ['the credential helper of ecrp', ['--credential-helper']],
] as const satisfies readonly (readonly [string, readonly string[]])[];

/** Makes a home without a login. Returns the environment of a client in it, with our credential helper on PATH. */
export function makeClientHome(sandbox: Sandbox): Record<string, string> {
  const home = sandbox.makeDirectory('client-home');
  const programs = join(home, 'programs');
  mkdirSync(programs);
  symlinkSync(helperProgram, join(programs, 'docker-credential-ecrp'));
  return { HOME: home, PATH: `${programs}${delimiter}${sandbox.env.PATH}` };
}

/** Logs in with `ecrp login` in a home of its own. Returns the environment of a client in it. */
export async function makeLoggedInHome(
  sandbox: Sandbox,
  options: readonly string[],
): Promise<Record<string, string>> {
  const env = makeClientHome(sandbox);
  const { status, stderr } = await sandbox.tryEcrp(['login', ...options], { env });
  if (status !== 0 || stderr.includes('warning')) throw new Error(`ecrp login failed: ${stderr}`);
  return env;
}
