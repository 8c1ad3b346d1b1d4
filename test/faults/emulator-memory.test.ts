import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { callApi } from '../support/call-api.ts';
import { sendRaw, signRequest } from '../support/signed-request.ts';
import { makeDirectory } from '../unit/emulator/storage/opened-store.ts';
import { type EmulatorProcess, spawnEmulator } from './emulator-process.ts';

const MIB = 1024 * 1024;
/** Limit in MiB. An idle emulator has about 90. */
const MOST_MIB = 500;

/** Reads the peak memory of a process, in MiB. Source: proc(5). */
function readPeak({ pid }: EmulatorProcess): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
  return Number(kilobytes) / 1024;
}

async function start(): Promise<EmulatorProcess> {
  const emulator = await spawnEmulator(makeDirectory());
  onTestFinished(() => emulator.kill());
  return emulator;
}

describe.runIf(process.platform === 'linux')('no client can make the emulator use much memory', () => {
  test.each([
    ['unsigned', () => ({ 'content-type': 'application/x-amz-json-1.1' })],
    [
      'signed with a key that it does not know',
      (emulator: EmulatorProcess) =>
        signRequest({ ...emulator, accessKeyId: 'AKIANOBODY' }, { operation: 'UploadLayerPart', body: '' }),
    ],
    ['without a token, for the registry', () => ({ path: '/v2/alias/app/manifests/v1', method: 'PUT' })],
  ])('bodies of requests that are %s', async (_, makeHeaders) => {
    const emulator = await start();
    const {
      path = '/',
      method = 'POST',
      ...headers
    } = { ...makeHeaders(emulator) } as Record<string, string>;
    const chunk = Buffer.alloc(MIB, 'x');
    const { port } = new URL(emulator.url);
    // Each sends nearly all of its announced bytes, and withholds the rest.
    const sent = Array.from({ length: 60 }, async () => {
      const socket = connect(Number(port), '127.0.0.1').on('error', () => undefined);
      onTestFinished(() => void socket.destroy());
      socket.resume();
      const lines = Object.entries({ host: `127.0.0.1:${port}`, ...headers }).map(
        ([name, value]) => `${name}: ${value}`,
      );
      socket.write(
        `${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\ncontent-length: ${30 * MIB}\r\n\r\n`,
      );
      for (let count = 0; count < 29; count += 1) {
        await new Promise((resolve) => socket.write(chunk, resolve));
      }
    });
    await Promise.all(sent);
    expect(readPeak(emulator)).toBeLessThan(MOST_MIB);
    await callApi(emulator, 'DescribeRegistries');
  });

  test('bodies with a wrong signature', async () => {
    const emulator = await start();
    const body = Buffer.alloc(30 * MIB, 'x');
    const signer = { ...emulator, secretAccessKey: 'wrong' };
    const headers = signRequest(signer, { operation: 'UploadLayerPart', body });
    const answers = await Promise.all(Array.from({ length: 24 }, () => sendRaw(emulator.url, headers, body)));
    expect(new Set(answers.map(({ text }) => JSON.parse(text).__type))).toEqual(
      new Set(['InvalidSignatureException']),
    );
    expect(readPeak(emulator)).toBeLessThan(MOST_MIB);
  });

  test.each([
    ['nested', (bytes: number) => '['.repeat(bytes / 2) + ']'.repeat(bytes / 2)],
    ['of many values', (bytes: number) => `[${'[],'.repeat(bytes / 3)}[]]`],
  ])('JSON that is %s, signed, in a body and in a manifest', async (_, make) => {
    const emulator = await start();
    await callApi(emulator, 'CreateRepository', { repositoryName: 'app' });
    const ask = async (operation: string, body: string) => {
      const { text } = await sendRaw(emulator.url, signRequest(emulator, { operation, body }), body);
      return JSON.parse(text).__type;
    };
    expect(await ask('PutImage', make(31 * MIB))).toBe('SerializationException');
    const imageManifest = make(4 * MIB - 4);
    const input = JSON.stringify({ repositoryName: 'app', imageManifest });
    expect(await ask('PutImage', input)).toBe('InvalidParameterException');
    expect(readPeak(emulator)).toBeLessThan(MOST_MIB);
  });
});
