import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeWithClients, findClient, requireClient } from './support/clients.ts';
import { Sandbox } from './support/sandbox.ts';

// Artifacts and what refers to images: oras and regctl find those of ecrp, and ecrp pushes theirs.

const TYPE = 'application/vnd.example.note';
const image = join(import.meta.dirname, '../../fixtures/archives/skopeo-multi-oci.tar');
const MANY = { 'notes.txt': 'notes', 'data/<one> & "two".json': '{"a":1}', 'data/ünïcode': 'x' };

interface Document {
  readonly digest: string;
  readonly artifactType: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

describe('artifacts', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await Sandbox.start();
    const oras = findClient('oras');
    if (oras === undefined) return;
    const input = (await sandbox.ecrp('token', '--password')).stdout.trim();
    const login = ['login', '--plain-http', '--username', 'AWS', '--password-stdin'];
    const result = await sandbox.tryRun(oras, [...login, sandbox.emulator.registryHost], { input });
    expect(result, result.stderr).toMatchObject({ status: 0 });
  });
  afterAll(() => sandbox.close());

  /** Makes a directory with the files. */
  const makeFiles = (files: Readonly<Record<string, string>>): string => {
    const directory = sandbox.makeDirectory('files');
    mkdirSync(join(directory, 'data'));
    for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
    return directory;
  };
  const pushFiles = async (directory: string, reference: string, ...argv: readonly string[]) => {
    const given = ['push', reference, ...argv, '--create-repo', '--json'];
    const result = await sandbox.tryEcrp(given, { cwd: directory });
    expect(result, result.stderr).toMatchObject({ status: 0 });
    return JSON.parse(result.stdout) as { readonly imageDigest: string }; // as: of push.json
  };

  const pushLayout = async (layout: string, reference: string) =>
    // as: of push.json
    JSON.parse((await sandbox.ecrp('push', layout, reference, '--create-repo', '--json')).stdout) as {
      readonly imageDigest: string;
      readonly manifests: readonly { readonly imageDigest: string; readonly status: string }[];
    };

  describeWithClients('oras', ['oras'], () => {
    const oras = async (...options: readonly string[]): Promise<string> =>
      (await sandbox.run(requireClient('oras'), ...options)).stdout;
    const orasIn = async (cwd: string, ...options: readonly string[]): Promise<void> => {
      const result = await sandbox.tryRun(requireClient('oras'), options, { cwd });
      expect(result, result.stderr).toMatchObject({ status: 0 });
    };
    const fetchManifest = (reference: string): Promise<string> =>
      oras('manifest', 'fetch', '--plain-http', sandbox.locate(reference));
    /** The types of what refers to an image, as oras lists them. */
    const discover = async (reference: string): Promise<readonly Document[]> =>
      JSON.parse(await oras('discover', '--plain-http', '--format', 'json', sandbox.locate(reference)))
        .referrers;
    test('gets the files of an artifact back', async () => {
      const directory = makeFiles(MANY);
      await pushFiles(directory, 'art/files:1', ...Object.keys(MANY), '--artifact-type', TYPE);
      const pulled = sandbox.makeDirectory('pulled');
      await oras('pull', '--plain-http', '--output', pulled, sandbox.locate('art/files:1'));
      for (const [name, content] of Object.entries(MANY)) {
        expect(readFileSync(join(pulled, name), 'utf8')).toBe(content);
      }
    });

    test('makes the same manifest of the same files', async () => {
      const directory = makeFiles(MANY);
      const created = '2026-01-02T03:04:05Z';
      const files = ['notes.txt:text/plain', ...Object.keys(MANY).slice(1)];
      const options = ['--artifact-type', TYPE, '--annotation', 'b=<&>', '--annotation', 'a=1'];
      const dated = ['--annotation', `org.opencontainers.image.created=${created}`];
      const ours = await pushFiles(directory, 'art/same:ours', ...files, ...options, ...dated);
      const theirs = sandbox.locate('art/same:theirs');
      await orasIn(directory, 'push', '--plain-http', theirs, ...files, ...options, ...dated);
      expect(await fetchManifest('art/same:ours')).toBe(await fetchManifest('art/same:theirs'));
      const undated = await pushFiles(directory, 'art/same:undated', ...files, ...options);
      expect(undated.imageDigest).not.toBe(ours.imageDigest);
      const without = JSON.parse(await fetchManifest('art/same:theirs'));
      delete without.annotations['org.opencontainers.image.created'];
      expect(JSON.parse(await fetchManifest('art/same:undated'))).toEqual(without);
    });

    test('attaches the same artifact to the same image, and finds ours', async () => {
      await sandbox.push(image, 'art/about:1');
      const directory = makeFiles(MANY);
      const dated = ['--annotation', 'org.opencontainers.image.created=2026-01-02T03:04:05Z'];
      const options = ['notes.txt', '--artifact-type', TYPE, ...dated];
      const subject = ['--subject', 'art/about:1', '--by-digest'];
      const ours = await pushFiles(directory, 'art/about', ...options, ...subject);
      expect(await discover('art/about:1')).toMatchObject([{ digest: ours.imageDigest, artifactType: TYPE }]);
      await orasIn(directory, 'attach', '--plain-http', sandbox.locate('art/about:1'), ...options);
      expect(await discover('art/about:1')).toHaveLength(1);
    });

    test('copies an image with what refers to it into a layout, which ecrp pushes with all of it', async () => {
      await sandbox.push(image, 'art/from:1');
      const directory = makeFiles(MANY);
      const attach = async (subject: string, type: string): Promise<string> => {
        const argv = ['notes.txt', '--artifact-type', type, '--subject', subject, '--by-digest'];
        return (await pushFiles(directory, 'art/from', ...argv)).imageDigest;
      };
      const sbom = await attach('art/from:1', 'application/spdx+json');
      const signature = await attach(`art/from@${sbom}`, 'application/vnd.cncf.notary.signature');
      const layout = join(sandbox.makeDirectory('copied'), 'layout');
      const from = ['--from-plain-http', sandbox.locate('art/from:1')];
      await oras('copy', '--recursive', ...from, '--to-oci-layout', `${layout}:1`);
      const result = await pushLayout(layout, 'art/to:1');
      const digests = result.manifests.map(({ imageDigest }) => imageDigest);
      expect(digests).toEqual(expect.arrayContaining([result.imageDigest, sbom, signature]));
      expect(await discover('art/to:1')).toMatchObject([
        { digest: sbom, artifactType: 'application/spdx+json' },
      ]);
      expect(await discover(`art/to@${sbom}`)).toMatchObject([{ digest: signature }]);
      const back = join(sandbox.makeDirectory('back'), 'layout');
      const to = ['--from-plain-http', sandbox.locate('art/to:1'), '--to-oci-layout', `${back}:1`];
      await oras('copy', '--recursive', ...to);
      const again = await pushLayout(back, 'art/to:1');
      expect(again).toMatchObject({ layers: { uploaded: 0 }, tags: [{ status: 'unchanged' }] });
      expect(new Set(again.manifests.map(({ status }) => status))).toEqual(new Set(['unchanged']));
    });
  });

  describeWithClients('regctl', ['regctl'], () => {
    const regctl = async (...options: readonly string[]): Promise<string> =>
      (await sandbox.run(requireClient('regctl'), ...options)).stdout;
    /** The digests of what refers to an image, as regctl lists them. */
    const list = async (reference: string): Promise<readonly string[]> => {
      const format = ['--format', '{{range .Descriptors}}{{println .Digest}}{{end}}'];
      const text = await regctl('artifact', 'list', ...format, sandbox.locate(reference));
      return text.split('\n').filter(Boolean).toSorted();
    };

    test('finds an artifact of ecrp, and copies it into a layout, which ecrp pushes with all of it', async () => {
      const { registryHost } = sandbox.emulator;
      // The default chunks of regctl are too small for the service.
      await regctl('registry', 'set', '--tls', 'disabled', '--blob-chunk', '6291456', registryHost);
      await sandbox.push(image, 'reg/from:1');
      const directory = makeFiles(MANY);
      const given = ['notes.txt', '--artifact-type', TYPE, '--subject', 'reg/from:1', '--by-digest'];
      const { imageDigest } = await pushFiles(directory, 'reg/from', ...given);
      expect(await list('reg/from:1')).toEqual([imageDigest]);
      const layout = join(sandbox.makeDirectory('copied'), 'layout');
      await regctl('image', 'copy', '--referrers', sandbox.locate('reg/from:1'), `ocidir://${layout}:1`);
      await pushLayout(layout, 'reg/to:1');
      expect(await list('reg/to:1')).toEqual([imageDigest]);
      // The list that regctl keeps under a fallback tag stays in the layout.
      expect(await regctl('tag', 'ls', sandbox.locate('reg/to'))).toBe('1\n');
    });
  });
});
