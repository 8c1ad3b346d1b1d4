import { readFileSync, writeFileSync } from 'node:fs';

/** Makes another password of the same form. */
export function spoilPassword(password: string): string {
  return password.trim().split('').reverse().join('');
}

/** Replaces the password of a registry host in a docker configuration file with a wrong one. */
export function breakLogin(file: string, registryHost: string): void {
  // The program under test wrote it. A missing member throws here.
  const config = JSON.parse(readFileSync(file, 'utf8')) as { auths: Record<string, { auth: string }> };
  const entry = config.auths[registryHost];
  if (entry === undefined) throw new Error(`${file} has no login for ${registryHost}`);
  const login = Buffer.from(entry.auth, 'base64').toString();
  const password = login.slice(login.indexOf(':') + 1);
  entry.auth = Buffer.from(`AWS:${spoilPassword(password)}`).toString('base64');
  writeFileSync(file, JSON.stringify(config));
}
