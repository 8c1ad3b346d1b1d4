import { readFileSync, writeFileSync } from 'node:fs';

/** Spoils the password that a docker configuration file holds for a registry host. */
export function breakLogin(file: string, registryHost: string): void {
  // Written by the program under test; a missing member throws here.
  const config = JSON.parse(readFileSync(file, 'utf8')) as { auths: Record<string, { auth: string }> };
  const entry = config.auths[registryHost];
  if (entry === undefined) throw new Error(`${file} has no login for ${registryHost}`);
  const login = Buffer.from(entry.auth, 'base64').toString();
  entry.auth = Buffer.from(`${login}x`).toString('base64');
  writeFileSync(file, JSON.stringify(config));
}
