import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, test } from 'vitest';
import { runBuildah } from './support/buildah.ts';
import { describeWithClients } from './support/clients.ts';
import { readSource } from './support/image-facts.ts';
import { JUDGES, judgePush } from './support/judge.ts';
import { Sandbox } from './support/sandbox.ts';

describeWithClients('images built here by buildah', [...JUDGES, 'buildah'], () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await Sandbox.start();
  });
  afterAll(() => sandbox.close());

  const buildah = async (...options: readonly string[]): Promise<string> =>
    (await runBuildah(sandbox, ...options)).stdout.trim();

  /** Commits `image` from `base` with one more layer of one file. */
  async function addLayer(base: string, image: string, format: string): Promise<void> {
    const file = join(sandbox.makeDirectory('content'), 'file');
    writeFileSync(file, `The content of ${image}\n`);
    const container = await buildah('from', '--pull-never', base);
    await buildah('copy', '--quiet', container, file, `/${image}`);
    await buildah('commit', '--quiet', '--rm', '--format', format, container, `localhost/${image}`);
  }

  test.each([
    ['docker', 'docker-archive:', ':built/app:1'],
    ['oci', 'oci:', ':1'],
    ['oci', 'oci-archive:', ':1'],
  ])('format %s, pushed to %s', async (format, transport, name) => {
    await addLayer('scratch', `${format}-base`, format);
    await addLayer(`localhost/${format}-base`, `${format}-app`, format);
    const source = join(sandbox.makeDirectory('built'), 'image');
    await buildah('push', '--quiet', `localhost/${format}-app`, `${transport}${source}${name}`);
    const reference = `built/${transport.replace(':', '')}:1`;
    const result = await sandbox.push(source, reference);
    await judgePush(sandbox, reference, result, await readSource(sandbox, source));
  });
});
