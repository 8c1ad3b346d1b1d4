import { EcrpError } from '../errors.ts';
import { quoteText } from '../foreign-text.ts';

/** Most characters of one annotation: a manifest is 4 MiB long at most. */
const MAX_CHARACTERS = 100_000;

/** Reads the values of `--annotation`: `KEY=VALUE`, the value may be empty. Throws USAGE for anything else, and for a key given twice. */
export function readAnnotations(texts: readonly string[]): Readonly<Record<string, string>> {
  const annotations = new Map<string, string>();
  for (const text of texts) {
    const at = text.indexOf('=');
    const key = at === -1 ? '' : text.slice(0, at).trim();
    if (key === '') {
      throw new EcrpError('USAGE', `--annotation: ${quoteText(text)} is not KEY=VALUE`, {
        hint: 'Write KEY=VALUE, e.g. org.opencontainers.image.version=1.0.',
      });
    }
    if (text.length > MAX_CHARACTERS) {
      throw new EcrpError(
        'USAGE',
        `--annotation: ${quoteText(key)} is longer than ${MAX_CHARACTERS} characters`,
        {
          hint: 'Give a shorter value.',
        },
      );
    }
    if (annotations.has(key)) {
      throw new EcrpError('USAGE', `--annotation: ${quoteText(key)} is given twice`, {
        hint: 'Give each key once.',
      });
    }
    annotations.set(key, text.slice(at + 1));
  }
  return Object.fromEntries(annotations);
}
