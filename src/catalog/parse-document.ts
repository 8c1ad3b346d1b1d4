import { Lexer, LineCounter, Parser, parseDocument, type ScalarTag, type YAMLError } from 'yaml';

/** A parsed document, or sentences that say why there is none. */
export type ParsedDocument = { readonly value: unknown } | { readonly faults: readonly string[] };

/**
 * Far more than a catalog file needs. The YAML composer recurses, and it takes time that grows with the square of the
 * number of keys or errors: both are bounded before it sees the text.
 */
const MAX_DEPTH = 60;
const MAX_LEXEMES = 10_000;
const MAX_ALIASES = 100;
const MAX_FAULTS = 5;

/** Parses JSON or YAML 1.2. A name that ends in `.json`, `.yaml` or `.yml` says which; otherwise text that begins with `{` is JSON. */
export function parseCatalogDocument(text: string, path: string): ParsedDocument {
  const isJson = /\.json$/i.test(path) || (!/\.ya?ml$/i.test(path) && text.trimStart().startsWith('{'));
  if (text.trim() === '') return { faults: ['it is empty'] };
  const tooComplex = explainComplexity(text);
  if (tooComplex !== undefined) return { faults: [tooComplex] };
  return isJson ? parseJson(text) : parseYaml(text);
}

function parseJson(text: string): ParsedDocument {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { faults: [`it is not valid JSON: ${explainJson(error, text)}`] };
  }
  // JSON.parse takes the last of two members with one name; that they are two is seen by YAML, of which JSON is a part.
  const { document, explain } = composeYaml(text);
  const faults = document.errors.filter(({ code }) => code === 'DUPLICATE_KEY').map(explain);
  return faults.length > 0 ? { faults: faults.slice(0, MAX_FAULTS) } : { value };
}

/** The parser's message on one line, with the line of the position that it may name. */
function explainJson(error: unknown, text: string): string {
  const message = (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ');
  const position = /at position (\d+)/.exec(message)?.[1];
  return position === undefined
    ? message
    : `${message} (line ${text.slice(0, Number(position)).split('\n').length})`;
}

function parseYaml(text: string): ParsedDocument {
  const { document, explain } = composeYaml(text);
  // A warning is about a tag such as !!js/function, whose value would not be what it says.
  const faults = [...document.errors, ...document.warnings].slice(0, MAX_FAULTS).map(explain);
  if (faults.length > 0) return { faults };
  try {
    return { value: document.toJS({ maxAliasCount: MAX_ALIASES }) };
  } catch (error) {
    return { faults: [`it cannot be used: ${error instanceof Error ? error.message : String(error)}`] };
  }
}

/** `!!binary`, as `aws … --generate-cli-skeleton yaml-input` writes blobs: base64, in lines or not. Its value is a `Buffer`. */
const BINARY: ScalarTag = {
  tag: 'tag:yaml.org,2002:binary',
  resolve(text, onError) {
    const base64 = text.replaceAll(/\s/g, '');
    const bytes = Buffer.from(base64, 'base64');
    if (bytes.toString('base64') !== base64) onError('what follows !!binary is not base64');
    return bytes;
  },
};

function composeYaml(text: string) {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, {
    lineCounter,
    prettyErrors: false,
    logLevel: 'error',
    customTags: [BINARY],
    stringKeys: true,
  });
  const explain = ({ code, message, pos }: YAMLError): string => {
    const { line, col } = lineCounter.linePos(pos[0]);
    const where = `line ${line}, column ${col}`;
    if (code === 'DUPLICATE_KEY') return `${where}: this member is there twice`;
    if (code === 'MULTIPLE_DOCS') return `${where}: a second document begins here; only one is allowed`;
    return `${where}: ${message}`;
  };
  return { document, explain };
}

/** Lexes and parses, neither of which recurses, and stops where it gets too deep or too long. */
function explainComplexity(text: string): string | undefined {
  const parser = new Parser();
  let lexemes = 0;
  for (const lexeme of new Lexer().lex(text)) {
    for (const _ of parser.next(lexeme));
    lexemes += 1;
    if (parser.stack.length > MAX_DEPTH) return 'it is nested too deeply';
    if (lexemes > MAX_LEXEMES) return 'it has too many members, items or lines for a catalog file';
  }
  return undefined;
}
