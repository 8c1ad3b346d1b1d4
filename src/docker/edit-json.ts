/** A member of a JSON object by its place in the text: [start, end) holds key and value, [valueStart, end) the value. */
interface Member {
  readonly key: string;
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
}

/** How a document is laid out; both are empty when it stands on one line. */
interface Layout {
  readonly newline: string;
  /** What one level is indented by. */
  readonly indent: string;
}

/**
 * Sets a member of a JSON document and leaves every other byte of it as it was: key order, spelling of numbers, indentation.
 *
 * `text` must be a valid JSON object. Objects missing on the path are made; what else stands on it is replaced.
 */
export function setJsonMember(text: string, path: readonly string[], value: unknown): string {
  return setIn(text, text.indexOf('{'), path, value, 1, detectLayout(text));
}

/** Removes a member of a JSON document, with the comma that goes with it, and leaves every other byte as it was. */
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
  // Again, as a key that stands there twice would otherwise come back with its older value.
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

/** Of a key that stands there twice the last one counts, as for JSON.parse and for docker. */
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

/** Where the string, number, word, object or array ends that begins at `at`. */
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

/** The document's own layout; docker's, with tabs, for one that has no members yet. */
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
