import { expect, it } from 'vitest';
import type { Findings } from '../../../src/catalog/findings.ts';
import { warnOfLineBreaks, warnOfMarkdown } from '../../../src/catalog/markdown.ts';

async function warn(text: string): Promise<readonly string[]> {
  const findings: Findings = { problems: [], warnings: [] };
  await warnOfMarkdown(text, 'aboutText', findings);
  expect(findings.problems).toEqual([]);
  return findings.warnings;
}

it('says nothing about what publishers use without complaint', async () => {
  const text = `# Title

*em* **strong** ~~gone~~ \`code\` https://example.com [link](https://example.com "title") [reference][1]
A [mail](mailto:a@example.com) and y/n, and/or, /network.

* one
- two
1. three

\`\`\`sh
printf "a\\n" | sed 's/<b>/[ ] /'  # ![x](y) [^1]
\`\`\`

    | an | indented | table |
    |----|----------|-------|

[1]: https://example.com
`;
  expect(await warn(text)).toEqual([]);
});

const unknown = 'the Gallery is not known to render';

it.each([
  ['a\n\n| a | b |\n|---|---|\n| 1 | 2 |\n', `line 3: ${unknown} tables`],
  ['a\nb ![logo](https://example.com/x.png)\n', `line 2: ${unknown} images`],
  ['[![badge](https://x/y.svg)](https://x)', `line 1: ${unknown} images`],
  ['a\n\n<details>\n<summary>x</summary>\n</details>\n', `line 3: ${unknown} HTML`],
  ['a\n\n<!-- hidden -->\n', `line 3: ${unknown} HTML`],
  ['a <br> b', `line 1: ${unknown} HTML`],
  ['* [ ] open\n* [x] done\n', `line 1: ${unknown} task lists (2 places)`],
  ['see[^1]\n\n[^1]: a note\n', `line 1: ${unknown} footnotes (2 places)`],
  ['> [!NOTE]\n> text\n', `line 1: ${unknown} alerts`],
  ['a\n\n\n[x](docs/x.md)', 'line 4: a relative link leads nowhere in the Gallery'],
  ['[x](#usage)', 'line 1: a link to a heading leads nowhere in the Gallery'],
  ['# About\\n\\nText', 'line 1: \\n stands where a line break should be'],
  ['`docker run x`\\n', 'line 1: \\n stands where a line break should be'],
  ['```\\ndocker run x\\n```', 'line 1: \\n stands where a line break should be'],
  ['# About/n/nText', 'line 1: /n stands where a line break should be'],
])('warns of %j', async (text, warning) => {
  const warnings = await warn(text);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain(`aboutText, ${warning}`);
});

it('names the first line of each kind, in the order of the text', async () => {
  const text = `![a](https://x)\n\n| ![b](https://x) |\n|---|\n\n<b>\n\n![c](https://x)\n`;
  expect(await warn(text)).toEqual([
    `aboutText, line 1: ${unknown} images (3 places)`,
    `aboutText, line 3: ${unknown} tables`,
    `aboutText, line 6: ${unknown} HTML`,
  ]);
});

it('reads hostile texts', async () => {
  for (const text of ['['.repeat(25_600), '>'.repeat(25_600), '* '.repeat(12_800), '![a]('.repeat(5_000)]) {
    await warn(text);
  }
});

it('warns of a line break that is spelled out in a description', () => {
  const findings: Findings = { problems: [], warnings: [] };
  warnOfLineBreaks('one\\ntwo', 'description', findings);
  warnOfLineBreaks('one and two', 'description', findings);
  expect(findings.warnings).toEqual([expect.stringContaining('description: \\n stands')]);
});
