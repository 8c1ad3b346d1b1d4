/**
 * Text that is not ours, made harmless: what a service, a registry, an archive or a file says may hold what a terminal obeys,
 * what looks like a line of ours, or what a CI system takes for a command.
 */

/** Most characters of one text in a message; services have been seen to answer with whole pages. */
const MOST_CHARACTERS = 4_000;
/** Most names in a list. */
const MOST_NAMES = 10;

/**
 * C0 and C1 controls, DEL, controls of the writing direction (Unicode's Bidi_Control), line and paragraph separators, and
 * the tag characters that no terminal shows.
 */
const CONTROLS = /[\p{Cc}\p{Bidi_Control}\u2028\u2029\u{e0000}-\u{e007f}]/gu;

/**
 * How GitHub Actions, Azure Pipelines and TeamCity begin a command: `##[` and its like anywhere in a line
 * (https://github.com/actions/runner, ActionCommand.cs), `::` after the spaces that a line begins with.
 */
const MARKED_COMMAND = /##(?=\w*\[)/g;
const LEADING_COMMAND = /^(\s*)::/;

const URL_LOGIN = /(?<=[a-z\d])(:\/{1,2})[^\s/@]+@/gi;

/** One line: controls and line ends are shown as escapes, such as `\x1b`, `\n` and `\u202e`. */
export function escapeLine(text: string): string {
  return text
    .replaceAll(CONTROLS, escapeCharacter)
    .replace(LEADING_COMMAND, '$1\\x3a:')
    .replaceAll(MARKED_COMMAND, '#\\x23');
}

/** Our own lines, each of them as `escapeLine` makes it; tabs stay. */
export function escapeLines(lines: readonly string[]): string {
  return lines.map(escapeLine).join('\n');
}

/** One line of JSON. What reads it gets the exact values: all that is harmful is in strings, where JSON has escapes. */
export function formatJson(value: object): string {
  return JSON.stringify(value)
    .replaceAll(CONTROLS, (character) => [...character].flatMap(escapeUnits).join(''))
    .replaceAll(MARKED_COMMAND, '#\\u0023');
}

/** Cuts what is longer than any message has to be. */
export function cutText(text: string, mostCharacters = MOST_CHARACTERS): string {
  if (text.length <= mostCharacters) return text;
  return `${text.slice(0, mostCharacters)}… (${text.length - mostCharacters} more characters)`;
}

/** Quotes a text of others for a message: control characters escaped, cut short. */
export function quoteText(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 199)}…` : text);
}

/**
 * Without the user names and passwords of URLs: arguments, settings and what processes say may hold them. One slash is
 * enough, as a URL that is taken for a path has no more.
 */
export function hideLogins(text: string): string {
  return text.replaceAll(URL_LOGIN, '$1…@');
}

/** `a, b, c`; of a long list the beginning, and how many more there are. */
export function listNames(names: readonly string[], separator = ', '): string {
  const listed = names.slice(0, MOST_NAMES).join(separator);
  return names.length <= MOST_NAMES ? listed : `${listed} and ${names.length - MOST_NAMES} more`;
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escapeCharacter(character: string): string {
  const short = SHORT_ESCAPES[character];
  if (short !== undefined) return short;
  const code = (character.codePointAt(0) ?? 0).toString(16);
  if (code.length <= 2) return `\\x${code.padStart(2, '0')}`;
  return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\u{${code}}`;
}

/** As JSON writes characters: by their UTF-16 units. */
function escapeUnits(character: string): string[] {
  return Array.from({ length: character.length }, (_, index) => {
    return `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`;
  });
}
