import { expect, it } from 'vitest';
import { formatStepSummary, type PublishedImage } from '../../../../src/cli/ci/step-summary.ts';

const image: PublishedImage = {
  reference: 'host/alias/app:1',
  imageDigest: 'sha256:abc',
  tags: ['1', 'latest (moved)'],
  totalBytes: 12_300_000,
  uploadedBytes: 999,
  durationMs: 4_200,
  page: 'https://gallery.ecr.aws/alias/app',
};

/** Decodes character references, as a reader of the Markdown sees the text. */
const decode = (text: string) =>
  text.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));

it('shows what was pushed: reference, digest, tags, sizes, time and page', () => {
  const summary = formatStepSummary({ images: [image], failures: [] });
  expect(decode(summary)).toBe(`### ecrp: 1 image pushed

| Image | Tags | Size | Uploaded | Time |
| :--- | :--- | ---: | ---: | ---: |
| <code>host/alias/app:1</code><br><code>sha256:abc</code> | <code>1</code><br><code>latest (moved)</code> | 12.3 MB | 999 B | 4.2 s |

Gallery: [https://gallery.ecr.aws/alias/app](<https://gallery.ecr.aws/alias/app>)
`);
});

it('has a row for each image that failed, and names a page once', () => {
  const failures = [{ reference: 'app:2', message: 'it is gone' }];
  const summary = decode(formatStepSummary({ images: [image, image], failures }));
  expect(summary).toContain('### ecrp: 2 images pushed, 1 failed\n');
  expect(summary).toContain('| <code>app:2</code><br>failed: it is gone |  |  |  |  |\n');
  expect(summary.match(/Gallery/g)).toHaveLength(1);
});

it.each([
  'a | b',
  '</code><img src=x onerror=alert(1)>',
  '`code` **bold** [link](https://evil.example) ![](x) @team #1 &lt; \\|',
  'one\n\n# two\r\n| three |',
])('lets the text %j be nothing but text', (text) => {
  const failures = [{ reference: text, message: text }];
  const summary = formatStepSummary({ images: [{ ...image, reference: text, tags: [text] }], failures });
  const shape = summary.replaceAll(/&#\d+;|[\p{L}\p{N} ]/gu, '');
  const plain = formatStepSummary({
    images: [{ ...image, reference: 'x', tags: ['x'] }],
    failures: [{ reference: 'x', message: 'x' }],
  });
  expect(shape).toBe(plain.replaceAll(/&#\d+;|[\p{L}\p{N} ]/gu, ''));
});

it('stays below the size at which GitHub discards it', () => {
  const reference = `host/alias/${'r'.repeat(205)}:${'t'.repeat(128)}`;
  const images = Array.from({ length: 10_000 }, () => ({ ...image, reference }));
  const summary = formatStepSummary({ images, failures: [] });
  expect(summary).toContain('and 9500 more');
  expect(Buffer.byteLength(summary)).toBeLessThan(1024 * 1024);
});
