import { readFileSync, writeFileSync } from 'node:fs';

/** A password of the same form that is not the one given. */
export function spoilPassword(password: string): string {
  return password.trim().split('').reverse().join('');
}

/** Spoils the password that a docker configuration file holds for a registry host. */
export function breakLogin(file: string, registryHost: string): void {
  // Written by the program under test; a missing member throws here.
  const config = JSON.parse(readFileSync(file, 'utf8')) as { auths: Record<string, { auth: string }> };
  const entry = config.auths[registryHost];
  if (entry === undefined) throw new Error(`${file} has no login for ${registryHost}`);
  const login = Buffer.from(entry.auth, 'base64').toString();
  const password = login.slice(login.indexOf(':') + 1);
  entry.auth = Buffer.from(`AWS:${spoilPassword(password)}`).toString('base64');
  writeFileSync(file, JSON.stringify(config));
}
