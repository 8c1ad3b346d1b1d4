import { EcrpError } from '../errors.ts';
import { quoteText } from '../foreign-text.ts';

/** True if a text matches. */
export type Matcher = (text: string) => boolean;

/** A character to match, or any number of any characters. */
type Token = '*' | ((character: string) => boolean);

/**
 * Compiles a pattern for whole texts: `*` is any text, `?` any character, `[a-z]` one of a set and `[!a-z]` one of no set. Tags have no
 * slashes, so these match every character. Throws USAGE for a set that does not end.
 */
export function compileGlob(glob: string): Matcher {
  const tokens = readTokens(glob);
  return (text) => matchTokens(tokens, text);
}

/** Compiles patterns into one that matches if any does. */
export function compileGlobs(globs: readonly string[]): Matcher {
  const matchers = globs.map(compileGlob);
  return (text) => matchers.some((matches) => matches(text));
}

/** Takes time in proportion to the lengths of pattern and text multiplied, however many `*` there are. */
function matchTokens(tokens: readonly Token[], text: string): boolean {
  let at = 0;
  let position = 0;
  /** Where to go on when the last `*` must take one more character. */
  let retry: { readonly at: number; readonly position: number } | undefined;
  while (position < text.length) {
    const token = tokens[at];
    if (token === '*') {
      retry = { at: at + 1, position };
      at += 1;
    } else if (token?.(text[position] ?? '')) {
      at += 1;
      position += 1;
    } else if (retry !== undefined) {
      retry = { at: retry.at, position: retry.position + 1 };
      ({ at, position } = retry);
    } else return false;
  }
  return tokens.slice(at).every((token) => token === '*');
}

function readTokens(glob: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < glob.length; at += 1) {
    const character = glob[at] ?? '';
    if (character === '*') tokens.push('*');
    else if (character === '?') tokens.push(() => true);
    else if (character === '[') {
      // A bracket right after the beginning belongs to the set.
      const isNegated = glob[at + 1] === '!' || glob[at + 1] === '^';
      const first = at + (isNegated ? 2 : 1);
      const end = glob.indexOf(']', first + 1);
      if (end === -1) {
        throw new EcrpError('USAGE', `the pattern ${quoteText(glob)} has a [ without a ]`, {
          hint: 'Write a set such as [0-9]. A tag has no brackets.',
        });
      }
      const isInSet = compileSet(glob.slice(first, end));
      tokens.push((found) => isInSet(found) !== isNegated);
      at = end;
    } else tokens.push((found) => found === character);
  }
  return tokens;
}

function compileSet(set: string): Matcher {
  const ranges = Array.from(set.matchAll(/(.)-(.)|(.)/gs), ([, from, to, single = '']) =>
    from === undefined || to === undefined ? [single, single] : [from, to],
  );
  return (character) => ranges.some(([from = '', to = '']) => from <= character && character <= to);
}
