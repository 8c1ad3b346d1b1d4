import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeChunk, makePng } from '../../support/png.ts';
import { load, refuse, useDirectory } from './files.ts';

const directory = useDirectory();

async function refuseBlob(logoImageBlob: string) {
  return (await refuse(directory(), { logoImageBlob })).message;
}

async function refuseFile(bytes: string | Buffer) {
  await writeFile(join(directory(), 'logo.png'), bytes);
  return (await refuse(directory(), { logo: 'logo.png' })).message;
}

describe('the logo of a catalog file', () => {
  it('is accepted at every allowed size, with the bytes of the file', async () => {
    for (const [width, height] of [
      [60, 60],
      [2048, 60],
      [60, 2048],
    ] as const) {
      const png = makePng(width, height);
      await writeFile(join(directory(), 'logo.png'), png);
      expect((await load(directory(), { logo: './logo.png' })).catalogData.logoImageBlob).toEqual(png);
    }
  });

  it.each([
    [59, 60],
    [60, 59],
    [2049, 100],
    [100, 2049],
  ])('is refused with %i × %i pixels', async (width, height) => {
    const message = `has ${width} × ${height} pixels; each side must have 60 to 2048`;
    expect(await refuseFile(makePng(width, height))).toContain(message);
    expect(await refuseBlob(makePng(width, height).toString('base64'))).toContain(`the image ${message}`);
  });

  it('has at most 512,000 bytes', async () => {
    const png = makePng(60, 60);
    const padded = Buffer.concat([png, Buffer.alloc(512_000 - png.length)]);
    await writeFile(join(directory(), 'logo.png'), padded);
    expect((await load(directory(), { logo: 'logo.png' })).catalogData.logoImageBlob).toHaveLength(512_000);
    expect(await refuseFile(Buffer.concat([padded, Buffer.alloc(1)]))).toContain(
      'has 512,001 bytes; 512,000 are allowed',
    );
  });

  it.each([
    ['$(cat myrepoimage.png |base64 -w 0)', 'is a shell expression, which no JSON or YAML file expands'],
    ['`base64 logo.png`', 'is a shell expression'],
    ['data:image/png;base64,iVBORw0KGgo=', 'is a data URL'],
    ['fileb://logo.png', 'is the name of a file'],
    ['./logo.png', 'is the name of a file'],
    ['', 'is empty'],
    ['iVBO Rw0K', 'is not base64: " " at character 5'],
    ['iVBO\nRw0K', 'is not base64: "\\n" at character 5'],
    ['iV==Rw0K', 'is not base64: "=" at character 4'],
    ['iVBORw0😀', 'is not base64: "😀" at character 8'],
    ['iVBORw-_', 'is not base64: "-" at character 7'],
    ['iVBORw0', 'is not base64: it is cut short or padded wrongly'],
    ['iVBORx==', 'is not base64: it is cut short or padded wrongly'],
  ])('%j is refused as base64, with the hint to give a path', async (blob, fault) => {
    const message = await refuseBlob(blob);
    expect(message).toContain(`logoImageBlob ${fault}`);
    expect(message).toContain('the path of the PNG as "logo"');
  });

  it.each([
    ['a JPEG', Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16])],
    ['an SVG', '\n<svg xmlns="http://www.w3.org/2000/svg"/>'],
    ['a GIF', 'GIF89a'],
    ['a WebP', 'RIFF\x00\x01\x02\x03WEBPVP8 '],
    ['a damaged PNG', makePng(60, 60).subarray(0, 20)],
    ['something else', 'hello'],
    ['something else', ''],
  ])('is refused if it is %s', async (name, bytes) => {
    expect(await refuseFile(bytes)).toContain(`logo.png is not a PNG but ${name}`);
  });

  const png = makePng(60, 60);
  const header = png.subarray(0, 33);
  const wrong = Buffer.from(png);
  wrong[50] = (wrong[50] ?? 0) ^ 1;
  it.each([
    [
      'cut in its pixels',
      png.subarray(0, -20),
      `is a PNG that is cut short: it ends after ${png.length - 20} bytes`,
    ],
    ['cut before its last chunk', png.subarray(0, -12), 'is a PNG that is cut short'],
    ['cut after its header', header, 'is a PNG that is cut short: it ends after 33 bytes'],
    ['changed', wrong, 'is a damaged PNG: its chunk IDAT has a wrong checksum'],
    [
      'continued with other bytes',
      Buffer.concat([header, Buffer.alloc(100)]),
      'is a damaged PNG: byte 37 begins no chunk',
    ],
    [
      'without pixels',
      Buffer.concat([header, makeChunk('IEND', Buffer.alloc(0))]),
      'is a damaged PNG: it has no pixels',
    ],
  ])('is refused if it is %s', async (_, bytes, fault) => {
    expect(await refuseFile(bytes)).toContain(fault);
  });

  it('may be !!binary, as in YAML of the aws CLI', async () => {
    const png = makePng(60, 60);
    const base64 = png.toString('base64');
    const lines = base64.replaceAll(/.{60}/g, '$&\n    ');
    for (const value of [`!!binary |\n    ${lines}`, `!!binary ${base64}`, `!!binary "${base64}"`]) {
      const yaml = `repositoryName: app\ncatalogData: # details\n  logoImageBlob: ${value}\n  aboutText: ''\n`;
      const { catalogData } = await load(directory(), yaml, 'catalog.yaml');
      expect(catalogData.logoImageBlob).toEqual(png);
    }
  });

  it.each([
    ['logoImageBlob: !!binary ""', 'logoImageBlob is empty'],
    ['logoImageBlob: !!binary |\n  iVBOR', 'what follows !!binary is not base64'],
    ['logoImageBlob: !!binary aGVsbG8=', 'logoImageBlob: the image is not a PNG but something else'],
    ['logo: a.png\nlogoImageBlob: !!binary aGVsbG8=', 'logo and logoImageBlob are both given'],
    ['aboutText: !!binary aGVsbG8=', 'aboutText must be text, not binary data'],
    ['architectures: [!!binary aGVsbG8=]', 'architectures[0] must be text, not binary data'],
    ['architectures: !!binary aGVsbG8=', 'architectures must be a list, not binary data'],
    ['catalogData: !!binary aGVsbG8=', 'catalogData must be an object, not binary data'],
    ['tags: [!!binary aGVsbG8=]', 'binary data'],
    ['!!binary aGVsbG8=', 'it must hold an object, not binary data'],
    ['? !!binary aGVsbG8=\n: x', 'all keys must be strings'],
  ])('as !!binary is refused without quoting it: %j', async (yaml, fault) => {
    const { message } = await refuse(directory(), yaml, 'catalog.yaml');
    expect(message).toContain(fault);
    expect(message).not.toMatch(/hello|104|\\x/);
  });

  it('is given once, and is a file', async () => {
    expect((await refuse(directory(), { logo: 'a.png', logoImageBlob: 'x' })).message).toContain(
      'logo and logoImageBlob are both given; give one of them',
    );
    expect((await refuse(directory(), { logo: '.' })).message).toContain('is a directory');
    execFileSync('mkfifo', [join(directory(), 'pipe')]);
    expect((await refuse(directory(), { logo: 'pipe' })).message).toContain('pipe is not a regular file');
    expect((await refuse(directory(), { logo: '/dev/zero' })).message).toContain('is not a regular file');
  });
});
