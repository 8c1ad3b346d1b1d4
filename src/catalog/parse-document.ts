import { Lexer, LineCounter, Parser, parseDocument, type ScalarTag, type YAMLError } from 'yaml';

/** A parsed document, or sentences that explain why parsing failed. */
export type ParsedDocument = { readonly value: unknown } | { readonly faults: readonly string[] };

/**
 * Far more than a catalog file needs. The YAML composer recurses, and its time grows with the square of the number of keys or errors.
 * So both are limited before it gets the text.
 */
const MAX_DEPTH = 60;
const MAX_LEXEMES = 10_000;
const MAX_ALIASES = 100;
const MAX_FAULTS = 5;

/** Parses JSON or YAML 1.2. The ending `.json`, `.yaml` or `.yml` decides; without one, text that begins with `{` is JSON. */
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
  // JSON.parse accepts two members with one name. YAML, a superset of JSON, does not.
  const { document, explain } = composeYaml(text);
  const faults = document.errors.filter(({ code }) => code === 'DUPLICATE_KEY').map(explain);
  return faults.length > 0 ? { faults: faults.slice(0, MAX_FAULTS) } : { value };
}

/** Formats the parser's message on one line, with the line number of its position. */
function explainJson(error: unknown, text: string): string {
  const message = (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ');
  const position = /at position (\d+)/.exec(message)?.[1];
  return position === undefined
    ? message
    : `${message} (line ${text.slice(0, Number(position)).split('\n').length})`;
}

function parseYaml(text: string): ParsedDocument {
  const { document, explain } = composeYaml(text);
  // Warnings concern tags such as !!js/function, whose values would be wrong.
  const faults = [...document.errors, ...document.warnings].slice(0, MAX_FAULTS).map(explain);
  if (faults.length > 0) return { faults };
  try {
    return { value: document.toJS({ maxAliasCount: MAX_ALIASES }) };
  } catch (error) {
    return { faults: [`it cannot be used: ${error instanceof Error ? error.message : String(error)}`] };
  }
}

/** `!!binary`, which `aws … --generate-cli-skeleton yaml-input` writes for blobs: base64, with or without line breaks. Gives a `Buffer`. */
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

/** Explains why a text is too complex. The lexer and the parser do not recurse; the composer would. */
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
