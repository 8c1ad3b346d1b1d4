import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeOciLayout } from '../support/image-writers.ts';
import type { GeneratedImage } from '../support/images.ts';
import { makeWindowsImage } from '../support/windows-images.ts';
import { describeWithClients } from './support/clients.ts';
import { judgePushAgain } from './support/round-trip.ts';
import { Sandbox } from './support/sandbox.ts';
import { copyWithSkopeo } from './support/skopeo.ts';

// skopeo never copies a foreign layer, so the copy lacks it. A push of the copy must still find everything there.

describeWithClients('an image for Windows with a foreign layer', ['skopeo'], () => {
  let sandbox: Sandbox;
  let image: GeneratedImage;
  let layout: string;
  beforeAll(async () => {
    sandbox = await Sandbox.start();
    image = await makeWindowsImage({ seed: 1 });
    layout = sandbox.makeDirectory('made');
    await writeOciLayout(layout, [image]);
  });
  afterAll(() => sandbox.close());

  test.each([
    ['left-out', []],
    ['uploaded', ['--foreign-layers']],
  ])('the layer is %s, and skopeo copies the image back', async (repository, options) => {
    const reference = `windows/${repository}:1`;
    const pushed = await sandbox.push(layout, reference, ...options);
    expect(pushed.imageDigest).toBe(image.descriptor.digest);
    const copy = join(sandbox.makeDirectory('copied'), 'layout');
    const from = `docker://${sandbox.locate(reference)}`;
    await copyWithSkopeo(sandbox, from, `oci:${copy}:1`, '--preserve-digests');
    await judgePushAgain(sandbox, copy, reference, pushed, ...options);
  });
});
