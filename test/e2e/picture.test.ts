import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { useTemporaryDirectories } from '../support/temporary-directory.ts';

const root = join(import.meta.dirname, '..', '..');
const makeDirectory = useTemporaryDirectories();
const picture = await readFile(join(root, 'bin', 'push.svg'), 'utf8');

interface Text {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

function readTexts(svg: string): readonly Text[] {
  const found = svg.matchAll(/<text [^>]*x="([\d.]+)" y="([\d.]+)" textLength="([\d.]+)"[^>]*>([^<]*)</g);
  return [...found].map(([, x, y, width, text = '']) => ({
    text,
    x: Number(x),
    y: Number(y),
    width: Number(width),
  }));
}

/** The lines above the display of the progress, and the beginning of that. */
function readStory(svg: string): readonly string[] {
  const texts = readTexts(svg);
  const rows = [...new Set(texts.map(({ y }) => y))];
  const lines = rows.map((row) =>
    texts
      .filter(({ y }) => y === row)
      .map(({ text }) => text)
      .join(' '),
  );
  const progress = lines.findIndex((line) => line.includes('Uploading'));
  return [...lines.slice(0, progress), lines[progress]?.replace(/^\S+ (\S+ \S+) .*/, '$1') ?? ''];
}

describe('the picture in README.md', () => {
  test('is small, and says in words what it shows', () => {
    expect(Buffer.byteLength(picture)).toBeLessThan(30_000);
    expect(picture).toMatch(/ role="img" aria-labelledby="title description">/);
    expect(picture).toMatch(/<title id="title">[^<]+ecrp[^<]+<\/title>/);
    expect(picture).toMatch(/<desc id="description">[^<]+<\/desc>/);
    expect(picture).toContain('@media (prefers-color-scheme: dark)');
    expect(picture).not.toMatch(/<script|href|url\(/);
  });

  test('keeps each word inside its frame, and apart from the next', () => {
    const [, width = ''] = /viewBox="0 0 (\d+) /.exec(picture) ?? [];
    const texts = readTexts(picture);
    expect(texts.length).toBeGreaterThan(10);
    texts.forEach((text, index) => {
      const next = texts[index + 1];
      const end = next?.y === text.y ? next.x : Number(width);
      expect(text.x + text.width, text.text).toBeLessThan(end + 0.2);
    });
  });

  test.skipIf(!existsSync('/usr/bin/script'))('shows what the program prints today', async () => {
    const fresh = join(await makeDirectory(), 'push.svg');
    await promisify(execFile)(process.execPath, [join(root, '.build', 'picture', 'run.js'), fresh]);
    const drawn = await readFile(fresh, 'utf8');
    expect(readStory(picture)).toEqual(readStory(drawn));
    expect(readStory(drawn).at(-1)).toBe('Uploading app:1.0');
    expect(drawn).toMatch(/resumed \d/);
  });
});
