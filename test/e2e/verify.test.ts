import { request as ask, createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../support/cli.ts';
import { startTestEmulator } from '../support/emulator.ts';
import { startWorkplace } from '../support/workplace.ts';

const archives = join(import.meta.dirname, '..', '..', 'fixtures', 'archives');
const one = join(archives, 'docker-20.10-one.tar');
const multi = join(archives, 'skopeo-multi-oci.tar');

const { home, emulator } = await startWorkplace();

/** Passes on what the emulator says, with one bit changed in what is downloaded from it, or the first download cut off. */
async function startLiar(
  how: 'flip' | 'cut-once' = 'flip',
): Promise<{ readonly host: string; readonly server: Server }> {
  let downloads = 0;
  const server = createServer((incoming, outgoing) => {
    const { method, url: path, headers } = incoming;
    const isDownload = path?.startsWith('/download/') ?? false;
    if (isDownload) downloads += 1;
    if (isDownload && how === 'cut-once' && downloads === 1) {
      outgoing.destroy();
      return;
    }
    const outward = ask(emulator.url + path, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.on('data', (chunk: Buffer) => {
        if (isDownload && how === 'flip') chunk.writeUInt8((chunk.at(0) ?? 0) ^ 1, 0);
        outgoing.write(chunk);
      });
      answer.on('end', () => outgoing.end());
    });
    incoming.pipe(outward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // Listening on TCP.
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

describe('--verify', () => {
  it.each([one, multi])('reads back what was pushed and says how much: %s', async (archive) => {
    const name = archive === one ? 'verified/one' : 'verified/multi';
    const argv = ['push', archive, `${name}:1.0`, '-t', 'latest', '--create-repo', '--verify'];
    const result = await runCli([...argv, '--json'], { env: { ...home.env, ...emulator.env } });
    expect(result).toMatchObject({ status: 0 });
    const { layers, bytes, manifests, verified } = result.json();
    expect(verified).toEqual({
      // Objects of these members, as the contract says.
      manifests: (manifests as unknown[]).length,
      blobs: (layers as { total: number }).total,
      bytes: (bytes as { total: number }).total,
    });
    const again = await runCli(argv, { env: { ...home.env, ...emulator.env } });
    expect(again.stderr).toContain('everything was there already; verified in');
  });

  it('notices a registry that serves other bytes: status 8, and the blob is named', async () => {
    const { host, server } = await startLiar();
    try {
      const env = { ...home.env, ...emulator.env, ECRP_REGISTRY_HOST: host };
      const argv = ['push', one, 'lied/about:1.0', '--create-repo', '--verify', '--json'];
      const result = await runCli(argv, { env });
      expect(result.status).toBe(8);
      expect(result.json().error).toMatchObject({
        code: 'UNAVAILABLE',
        message: expect.stringMatching(/the blob sha256:[0-9a-f]{64} reads back as other bytes/),
      });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it.each([
    [['-v'], /the blob sha256:.* could not be read \(.*\), again in [0-9.]+ m?s$/m],
    [
      ['--progress', 'json'],
      /"event":"retry","operation":".*the blob sha256:.*","attempt":1,"delayMs":\d+,"reason":"/,
    ],
  ])('tells of a read that is repeated, and counts it: %j', async (options, line) => {
    const { host, server } = await startLiar('cut-once');
    try {
      const env = { ...home.env, ...emulator.env, ECRP_REGISTRY_HOST: host };
      const argv = ['push', one, 'cut/off:1.0', '--create-repo', '--verify', '--json'];
      const result = await runCli([...argv, ...options], { env });
      expect(result.json()).toMatchObject({ retries: 1, verified: { blobs: 5 } });
      expect(result.stderr).toMatch(line);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it.each([
    'CompleteLayerUpload wrong-digest on=1',
    'PutImage wrong-digest on=1',
    'UploadLayerPart forget-part on=1',
    'UploadLayerPart off-by-one on=1',
    // The tag that it speaks of is not there.
    'PutImage error ImageAlreadyExistsException on=1',
  ])('never says that all is well while it is not: %s', async (fault) => {
    const lying = await startTestEmulator({ faults: [fault] });
    try {
      const env = { ...home.env, ...lying.env };
      const argv = ['push', one, 'app:1.0', '--create-repo', '--verify', '--json'];
      const result = await runCli(argv, { env });
      expect([0, 8]).toContain(result.status);
      if (result.status === 0) {
        expect(result.json()).toMatchObject({ verified: { manifests: 1, blobs: 5, bytes: 5700 } });
      } else {
        expect(result.json().error).toMatchObject({ message: expect.any(String) });
      }
      const again = await runCli(argv, { env });
      expect(again.json()).toMatchObject({ verified: { manifests: 1, blobs: 5, bytes: 5700 } });
    } finally {
      await lying.close();
    }
  });

  it('has nothing to read back in a dry run', async () => {
    const argv = ['push', one, 'dry:1.0', '--create-repo', '--verify', '--dry-run', '--json'];
    const result = await runCli(argv, { env: { ...home.env, ...emulator.env } });
    expect(result.json()).not.toHaveProperty('verified');
  });
});
