import { composeYaml, explainComplexity } from '../yaml/compose-yaml.ts';

/** A parsed document, or sentences that explain why parsing failed. */
export type ParsedDocument = { readonly value: unknown } | { readonly faults: readonly string[] };

/** Far more than a catalog file needs. The time of the composer grows with the square of the number of keys, which must differ. */
const MAX_LEXEMES = 10_000;
const MAX_ALIASES = 100;
const MAX_FAULTS = 5;

/** Parses JSON or YAML 1.2. The ending `.json`, `.yaml` or `.yml` decides; without one, text that begins with `{` is JSON. */
export function parseCatalogDocument(text: string, path: string): ParsedDocument {
  const isJson = /\.json$/i.test(path) || (!/\.ya?ml$/i.test(path) && text.trimStart().startsWith('{'));
  if (text.trim() === '') return { faults: ['it is empty'] };
  const tooComplex = explainComplexity(text, MAX_LEXEMES);
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
