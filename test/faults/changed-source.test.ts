import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeHome, runCli } from '../support/cli.ts';
import { startTestEmulator, type TestEmulator } from '../support/emulator.ts';
import { type ArchiveStyle, writeDockerArchive, writeOciLayout } from '../support/image-writers.ts';
import { type GeneratedImage, makeImage } from '../support/images.ts';

const MIB = 1024 * 1024;

let home: Awaited<ReturnType<typeof makeHome>>;
let emulator: TestEmulator;
let image: GeneratedImage;
beforeAll(async () => {
  home = await makeHome();
  emulator = await startTestEmulator();
  image = await makeImage({ seed: 55, layers: [{ size: 27 * MIB }] });
});
afterAll(async () => {
  await emulator.close();
  await home.remove();
});

function push(source: string, name: string) {
  const argv = ['push', source, `${name}:1.0`, '--create-repo', '--json', '-q'];
  return runCli([...argv, '--part-size', '5', '--concurrency', '1'], {
    env: { ...home.env, ...emulator.env },
    cwd: home.directory,
  });
}

type Change = 'a byte' | 'cut short';

/**
 * Changes a file near its end when the config and one part have arrived, before they are acknowledged. No read-ahead reaches
 * that far.
 */
async function change(path: string, how: Change): Promise<void> {
  const before = emulator.count('UploadLayerPart');
  await emulator.until(
    () => emulator.count('UploadLayerPart') >= before + 2,
    () => changeNow(path, how),
  );
}

function changeNow(path: string, how: Change): void {
  const file = openSync(path, 'r+');
  try {
    const position = fstatSync(file).size - MIB;
    if (how === 'cut short') {
      ftruncateSync(file, position);
      return;
    }
    const byte = Buffer.alloc(1);
    readSync(file, byte, 0, 1, position);
    writeSync(file, Buffer.from([byte.readUInt8(0) ^ 255]), 0, 1, position);
  } finally {
    closeSync(file);
  }
}

test.each<[name: string, source: string, how: Change, style?: ArchiveStyle]>([
  ['changed/layout', 'layout', 'a byte'],
  ['changed/archive', 'archive.tar', 'a byte', 'skopeo'],
  ['changed/packed', 'packed.tar', 'a byte', 'crane'],
  ['cut/layout', 'cut-layout', 'cut short'],
  ['cut/archive', 'cut.tar', 'cut short', 'skopeo'],
])(
  '%s is noticed during the push: status 3, no tag, and no upload to resume',
  async (name, source, how, style) => {
    if (style === undefined) await writeOciLayout(join(home.directory, source), [image]);
    else await writeDockerArchive(join(home.directory, source), [image], { style });
    const layer = image.layers[0]?.descriptor.digest.slice('sha256:'.length) ?? '';
    const file = style === undefined ? join(source, 'blobs', 'sha256', layer) : source;
    const [result] = await Promise.all([push(source, name), change(join(home.directory, file), how)]);
    expect(result.status).toBe(3);
    expect(result.json().error).toMatchObject({
      code: 'INVALID_INPUT',
      hint: expect.stringContaining('again'),
    });
    expect(emulator.count('PutImage')).toBe(0);
    const list = await runCli(['uploads', 'list', '--json'], { env: home.env });
    expect(list.json().uploads).toEqual([]);
  },
);
