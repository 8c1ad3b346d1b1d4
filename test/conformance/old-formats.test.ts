import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { locateArchive } from '../support/archives.ts';
import { callApi } from '../support/call-api.ts';
import { describeWithClients, requireClient } from './support/clients.ts';
import { readSource } from './support/image-facts.ts';
import { JUDGES, judgePush } from './support/judge.ts';
import { Sandbox } from './support/sandbox.ts';
import { copyWithSkopeo } from './support/skopeo.ts';

// An image in Docker's schema 1 is refused, and the hint is a command of skopeo. Here skopeo runs it.

describeWithClients('an image in schema 1', JUDGES, () => {
  let sandbox: Sandbox;
  let from: string;
  beforeAll(async () => {
    sandbox = await Sandbox.start();
    await callApi(sandbox.emulator, 'CreateRepository', { repositoryName: 'old/app' });
    from = `docker://${sandbox.locate('old/app:1')}`;
    const credentials = `AWS:${(await sandbox.ecrp('token', '--password')).stdout.trim()}`;
    const options = ['--format', 'v2s1', '--dest-creds', credentials];
    await copyWithSkopeo(
      sandbox,
      `docker-archive:${locateArchive('docker-20.10-one.tar')}`,
      from,
      ...options,
    );
  });
  afterAll(() => sandbox.close());

  test('skopeo converts it as the hint says, and the outcome can be pushed', async () => {
    const skopeo = requireClient('skopeo');
    const { stdout } = await sandbox.run(skopeo, 'inspect', '--raw', '--tls-verify=false', from);
    expect(JSON.parse(stdout).schemaVersion).toBe(1);
    const archive = join(sandbox.makeDirectory('converted'), 'image.tar');
    await copyWithSkopeo(sandbox, from, `oci-archive:${archive}`);
    const result = await sandbox.push(archive, 'old/app:2');
    await judgePush(sandbox, 'old/app:2', result, await readSource(sandbox, archive));
  });
});
