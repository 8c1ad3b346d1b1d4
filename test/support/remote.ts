import { tmpdir } from 'node:os';
import { Readable, Writable } from 'node:stream';
import { createContext } from '../../src/cli/command-context.ts';
import { openRemoteRepository, type RemoteOptions } from '../../src/cli/open-remote.ts';
import { findRegistryHosts } from '../../src/cli/service-address.ts';
import type { Io } from '../../src/io.ts';
import { parseImageAddress } from '../../src/oci/image-address.ts';
import type { RemoteRepository } from '../../src/registry/remote-repository.ts';

export interface TestRemote {
  readonly remote: RemoteRepository;
  /** What the command has said on standard error, with `--verbose`. */
  stderr(): string;
}

/** Opens the repository that a reference names, as a command with `--verbose` does in an environment. */
export async function openTestRemote(
  reference: string,
  env: Readonly<Record<string, string>>,
  { retryBudget, ...options }: Partial<RemoteOptions> & { readonly retryBudget?: number } = {},
): Promise<TestRemote> {
  let written = '';
  const stderr = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written += chunk.toString();
      done();
    },
  });
  const io: Io = {
    stdin: Readable.from([]),
    stdout: new Writable({ write: (_chunk, _encoding, done) => done() }),
    stderr,
    env,
    cwd: tmpdir(),
    signal: new AbortController().signal,
  };
  const style = { json: false, verbose: true, jsonLines: false, color: false };
  const budget = retryBudget === undefined ? {} : { retryBudget };
  const global = { progress: 'none', color: false, verbose: true, ...budget } as const;
  const context = createContext(io, style, global);
  const address = parseImageAddress(reference, findRegistryHosts(context));
  const remote = await openRemoteRepository(context, address, { command: 'copy', ...options });
  return { remote, stderr: () => written };
}

/** Reads all bytes of a blob. */
export async function collectBytes(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(Buffer.from(chunk));
  return Buffer.concat(all);
}
