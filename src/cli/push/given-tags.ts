import { EcrpError } from '../../errors.ts';
import { quoteText } from '../../foreign-text.ts';
import { parseReference, type Reference } from '../../oci/reference.ts';
import { assertTag } from '../../oci/tags.ts';

/** What one `--tag` asks for: a tag, or a reference that names the repository as well. */
export type GivenTag =
  | { readonly kind: 'tag'; readonly imageTag: string }
  | { readonly kind: 'reference'; readonly reference: Reference };

/**
 * Reads the values of `--tag`: one a line, as docker/metadata-action writes them, blank lines left out. What has a colon or a
 * slash, which no tag has, is a reference. Throws USAGE for what is neither, and for a value with nothing in it.
 */
export function readGivenTags(values: readonly string[], registryHost: string): readonly GivenTag[] {
  return values.flatMap((value) => {
    const lines = value.split('\n').map((line) => line.trim());
    const given = lines.filter((line) => line !== '');
    if (given.length === 0) {
      throw new EcrpError('USAGE', '--tag is empty', {
        hint: 'Give a tag, or leave --tag out. Is the variable set that it comes from?',
      });
    }
    return given.map((text) => readGivenTag(text, registryHost));
  });
}

function readGivenTag(text: string, registryHost: string): GivenTag {
  if (/[,\s]/.test(text)) {
    throw new EcrpError('USAGE', `--tag: ${quoteText(text)} is not an image tag`, {
      hint: 'Give one tag a line, or --tag once for each.',
    });
  }
  if (/[:/@]/.test(text)) return { kind: 'reference', reference: parseReference(text, registryHost) };
  assertTag(text);
  return { kind: 'tag', imageTag: text };
}
