// `yaml/` parses YAML of users within bounds: as YAML 1.2, and as programs written in Go read it.

import {
  type Document,
  Lexer,
  LineCounter,
  Parser,
  parseDocument,
  type ScalarTag,
  stringify,
  type YAMLError,
} from 'yaml';

/** The composer recurses, and its time grows with the square of the number of errors. */
const MAX_DEPTH = 60;

/** Explains why a text is too complex. To be called before composing it: the lexer and the parser do not recurse. */
export function explainComplexity(text: string, maxLexemes: number): string | undefined {
  const parser = new Parser();
  let lexemes = 0;
  for (const lexeme of new Lexer().lex(text)) {
    for (const _ of parser.next(lexeme));
    lexemes += 1;
    if (parser.stack.length > MAX_DEPTH) return 'it is nested too deeply';
    if (lexemes > maxLexemes) return 'it has too many members, items or lines';
  }
  return undefined;
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

export interface ComposedYaml {
  readonly document: Document.Parsed;
  /** Formats an error or warning of the document, with its line and column. */
  explain(fault: YAMLError): string;
}

/** Composes YAML 1.2 whose keys are texts. Errors are in the document. */
export function composeYaml(text: string): ComposedYaml {
  return compose(text, { customTags: [BINARY], stringKeys: true });
}

/** Composes YAML whose scalars are all texts. A member may be there twice. */
export function composeTexts(text: string): ComposedYaml {
  return compose(text, { schema: 'failsafe', uniqueKeys: false });
}

function compose(text: string, options: Parameters<typeof parseDocument>[1] & object): ComposedYaml {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { ...options, lineCounter, prettyErrors: false, logLevel: 'error' });
  const explain = ({ code, message, pos }: YAMLError): string => {
    const { line, col } = lineCounter.linePos(pos[0]);
    const where = `line ${line}, column ${col}`;
    if (code === 'DUPLICATE_KEY') return `${where}: this member is there twice`;
    if (code === 'MULTIPLE_DOCS') return `${where}: a second document begins here; only one is allowed`;
    return `${where}: ${message}`;
  };
  return { document, explain };
}

/** Formats a value as YAML 1.2. Long lines are not folded: a block of Markdown is easier to read. */
export function formatYaml(value: object): string {
  return stringify(value, { lineWidth: 0 });
}
