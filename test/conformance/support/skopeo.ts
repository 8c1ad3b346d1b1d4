import { requireClient } from './clients.ts';
import type { Sandbox } from './sandbox.ts';

const INSECURE = ['--src-tls-verify=false', '--dest-tls-verify=false'];

/** `skopeo copy`, every platform of an index, between any two transports. */
export async function copyWithSkopeo(
  sandbox: Sandbox,
  from: string,
  to: string,
  ...options: readonly string[]
): Promise<void> {
  const skopeo = requireClient('skopeo');
  await sandbox.run(skopeo, '--insecure-policy', 'copy', '--quiet', ...INSECURE, ...options, from, to);
}

/** Copies what is behind a reference into a fresh directory in skopeo's `dir:` form: every byte as it was served. */
export async function fetchWithSkopeo(sandbox: Sandbox, reference: string): Promise<string> {
  const directory = sandbox.makeDirectory('fetched');
  await copyWithSkopeo(sandbox, `docker://${sandbox.locate(reference)}`, `dir:${directory}`, '--all');
  return directory;
}
