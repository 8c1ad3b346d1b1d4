import { expect, it } from 'vitest';
import { parseConfig } from '../../../src/oci/config.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { catchError } from '../../support/catch-error.ts';
import { makeImage } from '../../support/images.ts';

it('reads platform and diff IDs', async () => {
  const platform = { architecture: 'arm', os: 'linux', variant: 'v7' };
  const image = await makeImage({ seed: 3, layers: [{}, {}, { duplicateOf: 0 }], platform });
  const diffIds = image.layers.map((layer) => layer.diffId);
  expect(parseConfig(image.config)).toEqual({ platform, diffIds });
  expect(diffIds[2]).toBe(diffIds[0]);
});

it('reads the config of an image built from scratch', () => {
  const config = { architecture: '', rootfs: { type: 'layers', diff_ids: null } };
  expect(parseConfig(Buffer.from(JSON.stringify(config)))).toEqual({
    platform: { architecture: '', os: '' },
    diffIds: [],
  });
});

it.each([
  ['[]', /the document is \[\]/],
  ['{}', /rootfs is missing/],
  ['{"rootfs":{"type":"base"}}', /rootfs.type/],
  ['{"rootfs":{"type":"layers","diff_ids":{}}}', /rootfs.diff_ids is {}, not a list/],
  ['{"rootfs":{"type":"layers","diff_ids":["sha256:x"]}}', /rootfs.diff_ids\[0\] is "sha256:x"/],
  ['{"os":1,"rootfs":{"type":"layers","diff_ids":[]}}', /os is 1, not a text/],
])('refuses %s', async (text, message) => {
  const error = await catchError(() => parseConfig(Buffer.from(text)));
  expect(error.code).toBe('INVALID_INPUT');
  expect(error.message).toMatch(message);
  expect(error.message).toContain(digestOf(text));
});
