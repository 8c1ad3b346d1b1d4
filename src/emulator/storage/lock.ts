import { createHash } from 'node:crypto';
import { rmSync, statSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Makes this process the only one to use a directory, by listening on a local socket named after it (device and inode, so that symbolic links do
 * not matter). Nobody has to clean up after a process that died: the kernel closes its socket. Containers with networks of their own do not see
 * each other's sockets on Linux. Returns how to let go.
 * Throws when another process, or this one, has the directory.
 */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  const { dev, ino } = statSync(directory, { bigint: true });
  const name = `ecrp-emulator-${createHash('sha256').update(`${dev}:${ino}`).digest('hex').slice(0, 32)}`;
  const server = await listen(name).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    throw new Error(
      `Another emulator is using the data directory ${directory}. Stop it, or give this one a directory of its own.`,
    );
  });
  return () => new Promise((resolve) => server.close(() => resolve()));
}

async function listen(name: string): Promise<Server> {
  // An abstract socket of Linux and a named pipe of Windows vanish with the process.
  if (process.platform === 'linux') return await tryListening(`\0${name}`);
  if (process.platform === 'win32') return await tryListening(`\\\\.\\pipe\\${name}`);
  // Elsewhere a socket file stays behind, but nobody answers on it.
  const path = join(tmpdir(), `${name}.sock`);
  if (!(await isAnswering(path))) rmSync(path, { force: true });
  return await tryListening(path);
}

function tryListening(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', reject);
    server.listen(path, () => {
      server.unref();
      resolve(server);
    });
  });
}

function isAnswering(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
