import { requireClient } from './clients.ts';
import type { Sandbox } from './sandbox.ts';

const INSECURE = ['--src-tls-verify=false', '--dest-tls-verify=false'];

/** Runs `skopeo copy` between any two transports, for every platform of an index. */
export async function copyWithSkopeo(
  sandbox: Sandbox,
  from: string,
  to: string,
  ...options: readonly string[]
): Promise<void> {
  const skopeo = requireClient('skopeo');
  await sandbox.run(skopeo, '--insecure-policy', 'copy', '--quiet', ...INSECURE, ...options, from, to);
}

/** Copies an image into a new directory in skopeo's `dir:` form, with every byte as the registry serves it. */
export async function fetchWithSkopeo(sandbox: Sandbox, reference: string): Promise<string> {
  const directory = sandbox.makeDirectory('fetched');
  await copyWithSkopeo(sandbox, `docker://${sandbox.locate(reference)}`, `dir:${directory}`, '--all');
  return directory;
}
