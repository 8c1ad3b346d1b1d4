import { createHash } from 'node:crypto';
import { chmodSync, closeSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Unlock = () => Promise<void>;

const LOCK_NAME = /^lock\.(\d{1,9})$/;

/**
 * Locks a directory for this process. The kernel releases the lock of a dead process. Resolves to a function that unlocks. Rejects with an `Error` when
 * this process or another has locked the directory.
 */
export async function lockDirectory(directory: string): Promise<Unlock> {
  const unlock = process.platform === 'linux' ? await lockBySocketFile(directory) : undefined;
  if (unlock !== undefined) return unlock;
  const server = await listenByName(directory).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EADDRINUSE' ? directoryInUse(directory) : error;
  });
  return () => closeServer(server);
}

/**
 * Locks by a socket `lock.N` in the directory. Only the directory's owner can create one there, but every user can take an abstract name. A process binds
 * the next free number, then checks that no other socket answers. It binds before it checks, so two processes never both hold the lock. Resolves to
 * undefined on a file system without sockets.
 */
async function lockBySocketFile(directory: string): Promise<Unlock | undefined> {
  // A socket address has at most 107 bytes. This form is short for every directory.
  const handle = openSync(directory, 'r');
  const pathOf = (number: number) => `/proc/self/fd/${handle}/lock.${number}`;
  let server: Server | undefined;
  try {
    const own = Math.max(0, ...listLocks(directory)) + 1;
    server = await tryListening(pathOf(own)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') throw directoryInUse(directory);
      return undefined;
    });
    if (server === undefined) {
      closeSync(handle);
      return undefined;
    }
    chmodSync(pathOf(own), 0o600);
    for (const other of listLocks(directory).filter((number) => number !== own)) {
      if (await isAnswering(pathOf(other))) throw directoryInUse(directory);
      rmSync(pathOf(other), { force: true });
    }
    const held = server;
    return async () => {
      // Closing removes the socket by its path, which needs the handle.
      await closeServer(held);
      closeSync(handle);
    };
  } catch (error) {
    if (server !== undefined) await closeServer(server);
    closeSync(handle);
    throw error;
  }
}

function listLocks(directory: string): number[] {
  return readdirSync(directory).flatMap((name) => {
    const [, number] = LOCK_NAME.exec(name) ?? [];
    return number === undefined ? [] : [Number(number)];
  });
}

function directoryInUse(directory: string): Error {
  return new Error(
    `Another emulator is using the data directory ${directory}. Stop it, or choose another directory.`,
  );
}

/** Binds a local socket named after the directory's device and inode, so that symbolic links do not matter. */
async function listenByName(directory: string): Promise<Server> {
  const { dev, ino } = statSync(directory, { bigint: true });
  const name = `ecrp-emulator-${createHash('sha256').update(`${dev}:${ino}`).digest('hex').slice(0, 32)}`;
  // An abstract socket of Linux and a named pipe of Windows vanish with the process.
  if (process.platform === 'linux') return await tryListening(`\0${name}`);
  if (process.platform === 'win32') return await tryListening(`\\\\.\\pipe\\${name}`);
  // Elsewhere the socket file of a dead process remains, but does not answer.
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

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

/** True when a process listens on the socket, even a stopped one. */
function isAnswering(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    // No other error proves that the process is dead.
    socket.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'),
    );
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
