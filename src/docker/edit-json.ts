// `docker/` reads and changes docker's configuration file, and speaks the credential-helper protocol on both sides.

/** Member of a JSON object in the text: key and value are at [start, end), the value at [valueStart, end). */
interface Member {
  readonly key: string;
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
}

/** Layout of a document. Both members are empty for a document on one line. */
interface Layout {
  readonly newline: string;
  /** Indentation of one level. */
  readonly indent: string;
}

/**
 * Sets a member of a JSON object and keeps every other byte: key order, spelling of numbers, indentation. Makes objects that are missing
 * on the path, and replaces other values on it. `text` must be valid.
 */
export function setJsonMember(text: string, path: readonly string[], value: unknown): string {
  return setIn(text, text.indexOf('{'), path, value, 1, detectLayout(text));
}

/** Removes a member of a JSON object with its comma, and keeps every other byte. */
export function removeJsonMember(text: string, path: readonly string[]): string {
  let open = text.indexOf('{');
  for (const key of path.slice(0, -1)) {
    const parent = findMember(readMembers(text, open), key);
    if (!parent || text[parent.valueStart] !== '{') return text;
    open = parent.valueStart;
  }
  const members = readMembers(text, open);
  const index = members.findLastIndex(({ key }) => key === path.at(-1));
  const member = members[index];
  if (!member) return text;
  const before = members[index - 1];
  const after = members[index + 1];
  let [start, end] = [open + 1, text.indexOf('}', member.end)];
  if (after) [start, end] = [member.start, after.start];
  else if (before) [start, end] = [before.end, member.end];
  // Once more: an earlier member with the same key would become visible.
  return removeJsonMember(text.slice(0, start) + text.slice(end), path);
}

function setIn(
  text: string,
  open: number,
  [key = '', ...rest]: readonly string[],
  value: unknown,
  depth: number,
  layout: Layout,
): string {
  const members = readMembers(text, open);
  const member = findMember(members, key);
  if (member && rest.length > 0 && text[member.valueStart] === '{') {
    return setIn(text, member.valueStart, rest, value, depth + 1, layout);
  }
  const nested = rest.reduceRight((inner, outer) => ({ [outer]: inner }), value);
  const formatted = formatValue(nested, depth, layout);
  if (member) return text.slice(0, member.valueStart) + formatted + text.slice(member.end);

  const colon = layout.newline === '' ? ':' : ': ';
  const addition = breakLine(depth, layout) + JSON.stringify(key) + colon + formatted;
  const last = members.at(-1);
  if (last) return `${text.slice(0, last.end)},${addition}${text.slice(last.end)}`;
  const close = text.indexOf('}', open);
  return text.slice(0, open + 1) + addition + breakLine(depth - 1, layout) + text.slice(close);
}

/** The last of two members with one key counts, as for JSON.parse and docker. */
function findMember(members: readonly Member[], key: string): Member | undefined {
  return members.findLast((member) => member.key === key);
}

function readMembers(text: string, open: number): Member[] {
  const members: Member[] = [];
  let start = skipSpace(text, open + 1);
  while (text[start] !== '}') {
    const keyEnd = skipValue(text, start);
    const valueStart = skipSpace(text, text.indexOf(':', keyEnd) + 1);
    const end = skipValue(text, valueStart);
    members.push({ key: String(JSON.parse(text.slice(start, keyEnd))), start, valueStart, end });
    const next = skipSpace(text, end);
    start = text[next] === ',' ? skipSpace(text, next + 1) : next;
  }
  return members;
}

function skipSpace(text: string, at: number): number {
  const space = /\s*/y;
  space.lastIndex = at;
  space.test(text);
  return space.lastIndex;
}

/** Returns the end of the string, number, word, object or array that begins at `at`. */
function skipValue(text: string, at: number): number {
  const token = /"(?:[^"\\]+|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/g;
  token.lastIndex = at;
  let depth = 0;
  do {
    const word = token.exec(text)?.[0];
    if (word === '{' || word === '[') depth += 1;
    if (word === '}' || word === ']') depth -= 1;
  } while (depth > 0);
  return token.lastIndex;
}

/** Detects the layout of a document. One without members gets docker's layout, with tabs. */
function detectLayout(text: string): Layout {
  if (readMembers(text, text.indexOf('{')).length === 0) return { newline: '\n', indent: '\t' };
  const [, newline = '', indent = ''] = /(\r?\n)([ \t]*)"/.exec(text) ?? [];
  return { newline, indent };
}

function breakLine(depth: number, { newline, indent }: Layout): string {
  return newline + indent.repeat(depth);
}

function formatValue(value: unknown, depth: number, layout: Layout): string {
  const lines = JSON.stringify(value, null, layout.indent).split('\n');
  return lines.join(breakLine(depth, layout));
}
