import { join } from 'node:path';
import { requireClient } from './clients.ts';
import type { Ended } from './process.ts';
import type { Sandbox } from './sandbox.ts';

/** Runs buildah, with its storage below the sandbox. It must succeed. */
export function runBuildah(sandbox: Sandbox, ...options: readonly string[]): Promise<Ended> {
  const at = (name: string) => join(sandbox.directory, 'buildah', name);
  const storage = ['--root', at('root'), '--runroot', at('run'), '--storage-driver', 'vfs'];
  return sandbox.run(requireClient('buildah'), ...storage, ...options);
}
