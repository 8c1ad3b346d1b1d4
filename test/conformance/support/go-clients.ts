import { findClient, requireClient } from './clients.ts';
import type { Sandbox } from './sandbox.ts';

const AS_AWS = ['--username', 'AWS', '--password-stdin'];
/** Arguments by which each reads a password from standard input. The host of the registry follows. */
const LOGINS = {
  crane: ['auth', 'login', ...AS_AWS],
  oras: ['login', '--plain-http', ...AS_AWS],
  regctl: ['registry', 'login', '--user', 'AWS', '--pass-stdin'],
  helm: ['registry', 'login', '--plain-http', ...AS_AWS],
} as const;

/** Logs in every client that is installed: at the registry of ECR Public with the password of `ecrp token`, or at another. */
export async function logInGoClients(
  sandbox: Sandbox,
  other?: { readonly host: string; readonly password: string },
): Promise<void> {
  const host = other?.host ?? sandbox.emulator.registryHost;
  const input = other?.password ?? (await sandbox.ecrp('token', '--password')).stdout.trim();
  // The default chunks of regctl are too small for the service.
  const settings = ['registry', 'set', '--tls', 'disabled', '--blob-chunk', '6291456', host];
  for (const client of ['crane', 'oras', 'regctl', 'helm'] as const) {
    if (findClient(client) === undefined) continue;
    if (client === 'regctl') await sandbox.run(requireClient(client), ...settings);
    const { status, stderr } = await sandbox.tryRun(requireClient(client), [...LOGINS[client], host], {
      input,
    });
    if (status !== 0) throw new Error(`${client} does not log in: ${stderr}`);
  }
}
