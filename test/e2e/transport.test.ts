import { describe, expect, it } from 'vitest';
import { locateArchive } from '../support/archives.ts';
import { runCli } from '../support/cli.ts';
import { startTestEmulator, type TestEmulator } from '../support/emulator.ts';
import { refuse, startUploadRegistry } from '../support/upload-registry.ts';
import { startWorkplace } from '../support/workplace.ts';

const one = locateArchive('docker-20.10-one.tar');
const multi = locateArchive('skopeo-multi-oci.tar');

const { home, emulator } = await startWorkplace();
const env = { ...home.env, ...emulator.env };
const RAW = ['--transport', 'registry', '--create-repo'];

/** Requests to the emulator while `run` runs: operations, and methods of `/v2/` for blobs. */
async function watch(place: TestEmulator, run: () => Promise<unknown>): Promise<readonly string[]> {
  const since = place.requests.length;
  await run();
  return place.requests.slice(since).flatMap(({ operation, route }) => {
    if (operation !== undefined) return operation;
    return route?.includes('/blobs/uploads/') ? (route.split(' ')[0] ?? '') : [];
  });
}

describe('--transport registry', () => {
  it.each(['aws', 'oci'] as const)(
    'sends layers through /v2/, where the registry is as %s',
    async (registryMode) => {
      const place = await startTestEmulator({ registryMode });
      const options = { env: { ...home.env, ...place.env } };
      let uploaded = 0;
      const seen = await watch(place, async () => {
        const argv = ['push', multi, 'raw/multi:1.0', '-t', 'latest', '--verify', '--json', ...RAW];
        const result = await runCli(argv, options);
        expect(result).toMatchObject({ status: 0 });
        const { transport, layers, bytes, retries } = result.json();
        expect({ transport, retries }).toEqual({ transport: 'registry', retries: 0 });
        expect(layers).toMatchObject({ existing: 0 });
        expect(bytes).toMatchObject({ existing: 0, resumed: 0 });
        uploaded = (layers as { uploaded: number }).uploaded;
      });
      expect(seen).not.toContain('InitiateLayerUpload');
      expect(seen).not.toContain('UploadLayerPart');
      const count = (method: string) => seen.filter((each) => each === method).length;
      // One request for each small blob where that is possible.
      expect([count('POST'), count('PATCH'), count('PUT')]).toEqual(
        registryMode === 'oci' ? [uploaded, 0, 0] : [uploaded, 0, uploaded],
      );
      const again = await runCli(
        ['push', multi, 'raw/multi:1.0', '--json', '--transport', 'registry'],
        options,
      );
      expect(again.json()).toMatchObject({ layers: { uploaded: 0, existing: uploaded } });
      await place.close();
    },
  );

  it('sends layers that are compressed on the way, and what arrives on standard input', async () => {
    const { readFile } = await import('node:fs/promises');
    const file = await runCli(['push', one, 'raw/file:1', '--verify', '--json', ...RAW], { env });
    const seen = await watch(emulator, async () => {
      const stdin = await readFile(one);
      const argv = ['push', '-', 'raw/pipe:1', '--verify', '--json', ...RAW];
      const piped = await runCli(argv, { env, stdin });
      expect(piped.json().imageDigest).toBe(file.json().imageDigest);
    });
    expect(seen).not.toContain('UploadLayerPart');
  });

  it('travels by API without it', async () => {
    const seen = await watch(emulator, async () => {
      const result = await runCli(['push', one, 'raw/not:1', '--json', '--create-repo'], { env });
      expect(result.json().transport).toBe('api');
    });
    expect(seen).not.toContain('POST');
  });

  it('finds out the alias of a reference without one', async () => {
    const { registryAlias, registryHost } = emulator;
    const result = await runCli(['push', one, 'raw/alias:1', ...RAW], { env });
    expect(result.stdout).toMatch(new RegExp(`^${registryHost}/${registryAlias}/raw/alias:1@sha256:`));
  });

  it('sends nothing in a dry run', async () => {
    const seen = await watch(emulator, async () => {
      const result = await runCli(['push', one, 'raw/dry:1', '--dry-run', '--json', ...RAW], { env });
      expect(result.json()).toMatchObject({ dryRun: true, transport: 'registry' });
    });
    expect(seen).not.toContain('POST');
    expect(seen).not.toContain('GetAuthorizationToken');
  });

  it('creates a missing repository, and says what to do without --create-repo', async () => {
    const result = await runCli(['push', one, 'raw/none:1', '--transport', 'registry', '--json'], { env });
    expect(result).toMatchObject({ status: 5 });
    expect(result.json().error).toMatchObject({
      code: 'NOT_FOUND',
      operation: 'BatchCheckLayerAvailability',
    });
  });

  it('does not mix two services', async () => {
    const { ECRP_REGISTRY_HOST: _, ...mixed } = env;
    const result = await runCli(['push', one, 'raw/mixed:1', '--json', ...RAW], { env: mixed });
    expect(result).toMatchObject({ status: 2 });
    expect(result.json().error).toMatchObject({
      message: `--transport registry: the endpoint is ${emulator.url}, but public.ecr.aws belongs to AWS`,
    });
  });

  it('shows each request with -v, and never the token', async () => {
    const result = await runCli(['push', one, 'raw/verbose:1', '-v', ...RAW], { env });
    expect(result.stderr).toMatch(/^PUT 127\.0\.0\.1:\d+: HTTP 201, \d+ ms, .* sent$/m);
    const token = (await runCli(['token'], { env })).stdout.trim();
    expect(token).not.toBe('');
    expect(result.stderr).not.toContain(token.slice(0, 40));
  });
});

describe('a registry that PutImage does not see', () => {
  it('gets the manifests as well, after PutImage has missed the layers', async () => {
    const registry = await startUploadRegistry();
    const argv = ['push', multi, `${registry.host}/${emulator.registryAlias}/raw/apart:1`, '--json', ...RAW];
    const host = ['--registry-host', registry.host];
    const seen = await watch(emulator, async () => {
      const result = await runCli([...argv, ...host], { env });
      expect(result).toMatchObject({ status: 0 });
      const { imageDigest, manifests } = result.json();
      const put = (manifests as { imageDigest: string }[]).map((each) => each.imageDigest);
      expect([...registry.manifests.keys()].sort()).toEqual(
        put.map((digest) => (digest === imageDigest ? '1' : digest)).sort(),
      );
    });
    expect(seen.filter((each) => each === 'PutImage')).toHaveLength(1);
    registry.close();
  });
});

describe('a registry that departs from what is known', () => {
  it('gets no layers, and a note says so', async () => {
    const registry = await startUploadRegistry();
    registry.intercept = ({ method }, response) => {
      if (method === 'POST') refuse(response, 405, 'UNSUPPORTED');
      return method === 'POST';
    };
    const reference = `${registry.host}/${emulator.registryAlias}/raw/departed:1`;
    const seen = await watch(emulator, async () => {
      const result = await runCli(['push', one, reference, '--registry-host', registry.host, ...RAW], {
        env,
      });
      expect(result).toMatchObject({ status: 0 });
      expect(result.stderr).toContain('answers POST with HTTP 405, UNSUPPORTED: no, so ');
      expect(result.stderr).toContain('sent through the API.');
    });
    expect(seen).toContain('CompleteLayerUpload');
    registry.close();
  });

  it('and denies access ends the push with the words of the API', async () => {
    const place = await startTestEmulator({ faults: ['InitiateLayerUpload error AccessDeniedException'] });
    const registry = await startUploadRegistry();
    registry.intercept = (_, response) => {
      refuse(response, 403, 'DENIED', 'not you');
      return true;
    };
    const reference = `${registry.host}/${place.registryAlias}/raw/denied:1`;
    const argv = ['push', one, reference, '--registry-host', registry.host, '--json', ...RAW];
    const result = await runCli(argv, { env: { ...home.env, ...place.env } });
    expect(result).toMatchObject({ status: 4 });
    expect(result.json().error).toMatchObject({ code: 'AUTH', operation: 'InitiateLayerUpload' });
    registry.close();
    await place.close();
  });
});
