import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWithClients } from './support/clients.ts';
import { listImages, readSource } from './support/image-facts.ts';
import { JUDGES, judgePush } from './support/judge.ts';
import { Sandbox } from './support/sandbox.ts';

const archives = join(import.meta.dirname, '../../fixtures/archives');

describeWithClients('images of real tools, pushed and fetched back', JUDGES, () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await Sandbox.start();
  });
  afterAll(() => sandbox.close());

  const entries = readdirSync(archives).filter((name) => /(\.tar|\.tar\.gz|-dir)$/.test(name));
  test('finds archives', () => expect(entries.length).toBeGreaterThan(10));

  test.each(entries)('%s', async (entry) => {
    const source = join(archives, entry);
    const names = await listImages(sandbox, source);
    expect(names.length).toBeGreaterThan(0);
    for (const [index, name] of names.entries()) {
      const reference = `archives/${entry.replaceAll('.', '-').toLowerCase()}:v${index}`;
      const choice = names.length > 1 && name !== undefined ? ['--image', name] : [];
      const result = await sandbox.push(source, reference, ...choice);
      await judgePush(sandbox, reference, result, await readSource(sandbox, source, name));
    }
  });

  test('another image is not mistaken for the pushed one', async () => {
    const source = join(archives, 'docker-20.10-two-images.tar');
    const [first = '', second = ''] = await listImages(sandbox, source);
    const result = await sandbox.push(source, 'archives/other:1', '--image', first);
    const judged = judgePush(sandbox, 'archives/other:1', result, await readSource(sandbox, source, second));
    await expect(judged).rejects.toThrow('expected');
  });
});
