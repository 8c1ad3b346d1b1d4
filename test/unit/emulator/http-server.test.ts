import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { type HttpLimits, startHttpServer } from '../../../src/emulator/http-server.ts';

const patient: HttpLimits = {
  ...{ keepAliveMs: 60_000, headersMs: 60_000, requestMs: 60_000, idleMs: 60_000 },
  ...{ checkMs: 20, connections: 100, headerBytes: 4096 },
};

/** Reads the whole body, then answers 200. */
async function readAll(request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    for await (const _ of request);
    response.end('done');
  } catch {
    response.destroy();
  }
}

async function open(limits: Partial<HttpLimits>): Promise<{ socket: Socket; ended: Promise<string> }> {
  const server = await startHttpServer('127.0.0.1', 0, readAll, { ...patient, ...limits });
  onTestFinished(() => server.close());
  return openTo(server.authority);
}

/** `ended`: everything received until the server closes the connection. */
function openTo(authority: string): { socket: Socket; ended: Promise<string> } {
  const socket = connect(Number(authority.split(':')[1]), '127.0.0.1');
  onTestFinished(() => {
    socket.destroy();
  });
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  socket.on('error', () => undefined);
  const ended = new Promise<string>((resolve) => socket.on('close', () => resolve(text)));
  return { socket, ended };
}

test('headers that do not end', async () => {
  const { socket, ended } = await open({ headersMs: 100, requestMs: 100 });
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n');
  expect(await ended).toMatch(/^HTTP\/1\.1 408 /);
});

test('a body that stalls', async () => {
  const { socket, ended } = await open({ idleMs: 100 });
  socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf');
  expect(await ended).toBe('');
});

test('a body that arrives too slowly', async () => {
  const { socket, ended } = await open({ requestMs: 200, headersMs: 100 });
  socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n');
  const drip = setInterval(() => socket.write('x'), 20);
  onTestFinished(() => clearInterval(drip));
  expect(await ended).toMatch(/^HTTP\/1\.1 408 /);
});

test('headers that are too large', async () => {
  const { socket, ended } = await open({});
  socket.write(`GET / HTTP/1.1\r\nhost: x\r\nlong: ${'x'.repeat(5000)}\r\n\r\n`);
  expect(await ended).toMatch(/^HTTP\/1\.1 431 /);
});

test('more connections than the limit', async () => {
  const server = await startHttpServer('127.0.0.1', 0, readAll, { ...patient, connections: 2 });
  onTestFinished(() => server.close());
  const ask = ({ socket }: { socket: Socket }) =>
    new Promise((resolve) => {
      socket.once('data', resolve);
      socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    });
  await ask(openTo(server.authority));
  await ask(openTo(server.authority));
  expect(await openTo(server.authority).ended).toBe('');
});
