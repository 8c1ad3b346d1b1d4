/**
 * Makes foreign text harmless. Text of a service, a registry, an archive or a file may contain escape sequences of a terminal, lines
 * that look like ours, or commands of a CI system.
 */

/** Most characters of one text in a message. Some services answer with whole pages. */
const MOST_CHARACTERS = 4_000;
/** Most names in a list. */
const MOST_NAMES = 10;

/** C0 and C1 controls, DEL, Unicode's Bidi_Control, line and paragraph separators, and the invisible tag characters. */
const CONTROLS = /[\p{Cc}\p{Bidi_Control}\u2028\u2029\u{e0000}-\u{e007f}]/gu;

/**
 * Start of a command for GitHub Actions, Azure Pipelines and TeamCity: `##[` and similar anywhere in a line, or `::` after leading spaces.
 * Invisible characters in between count as absent, because GitHub's runner compares by the rules of a culture.
 * Source: https://github.com/actions/runner, ActionCommand.cs.
 */
const MARKED_COMMAND = /#(\p{Default_Ignorable_Code_Point}*)#(?=[\w\p{Default_Ignorable_Code_Point}]*\[)/gu;
const LEADING_COMMAND = /^([\s\p{Default_Ignorable_Code_Point}]*):(?=\p{Default_Ignorable_Code_Point}*:)/u;

/** Up to the last `@`: a password may hold one. */
const URL_LOGIN = /(?<=[a-z\d])(:\/{1,2})[^\s/]+@/gi;

/** Makes one line: controls and line ends become escapes such as `\x1b`, `\n` and `\u202e`. */
export function escapeLine(text: string): string {
  return text
    .replaceAll(CONTROLS, escapeCharacter)
    .replace(LEADING_COMMAND, '$1\\x3a')
    .replaceAll(MARKED_COMMAND, '#$1\\x23');
}

/** Joins our own lines, each escaped by `escapeLine`. */
export function escapeLines(lines: readonly string[]): string {
  return lines.map(escapeLine).join('\n');
}

/** Formats one line of JSON. Harmful characters occur in strings only, where JSON has escapes, so readers get the exact values. */
export function formatJson(value: object): string {
  return escapeJson(JSON.stringify(value));
}

/** Formats JSON for a person, in several lines. They are as harmless as those of `formatJson`. */
export function formatJsonLines(value: object): readonly string[] {
  return JSON.stringify(value, null, 2).split('\n').map(escapeJson);
}

function escapeJson(line: string): string {
  return line
    .replaceAll(CONTROLS, (character) => [...character].flatMap(escapeUnits).join(''))
    .replaceAll(MARKED_COMMAND, '#$1\\u0023');
}

/** Cuts a text that is too long for a message. */
export function cutText(text: string, mostCharacters = MOST_CHARACTERS): string {
  if (text.length <= mostCharacters) return text;
  return `${text.slice(0, mostCharacters)}… (${text.length - mostCharacters} more characters)`;
}

/** Quotes a foreign text for a message: escapes control characters and cuts it. */
export function quoteText(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 199)}…` : text);
}

/** Quotes a word for a POSIX shell, if it needs quotes. */
export function quoteForShell(text: string): string {
  return /^[\w.,:/+=@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * Hides user names and passwords of URLs, which arguments, settings and the output of processes may contain. One slash suffices: a URL
 * that is mistaken for a path has only one.
 */
export function hideLogins(text: string): string {
  return text.replaceAll(URL_LOGIN, '$1…@');
}

/** Lists names: `a, b, c`. Cuts a long list and counts the rest. */
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

/** Escapes a character by its UTF-16 code units, as JSON does. */
function escapeUnits(character: string): string[] {
  return Array.from({ length: character.length }, (_, index) => {
    return `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`;
  });
}
