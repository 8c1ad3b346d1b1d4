import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';

/** Import of a file. `target` is a path from the root for files of the tree, else the specifier. */
export interface Import {
  readonly target: string;
  /** `type`: gone after compilation. `lazy`: `import()`. */
  readonly kind: 'static' | 'type' | 'lazy';
  readonly isReexport: boolean;
}

export interface SourceFile {
  /** From the root of the tree, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly lines: number;
  readonly imports: readonly Import[];
  /** Exported names of types and values. Re-exports count as imports. */
  readonly exports: readonly string[];
}

/** Reads every TypeScript file below a directory of the tree. */
export function readTree(root: string, directory: string): SourceFile[] {
  return listFiles(root, directory, '.ts').map((path) =>
    parseSource(path, readFileSync(join(root, path), 'utf8')),
  );
}

/** Content of each README.md below a directory of the tree, by its path. */
export function readReadmes(root: string, directory: string): Map<string, string> {
  return new Map(
    listFiles(root, directory, 'README.md').map((path) => [path, readFileSync(join(root, path), 'utf8')]),
  );
}

/** Paths from the root, with `/`, of the files whose name ends so. */
function listFiles(root: string, directory: string, ending: string): string[] {
  return readdirSync(join(root, directory), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

/**
 * Finds imports and exports in source that Biome has formatted: a statement begins its line, and a specifier is in single quotes. A
 * computed `import()` has the target `(computed)`.
 */
export function parseSource(path: string, text: string): SourceFile {
  const resolve = (specifier: string) =>
    specifier.startsWith('.') ? posix.normalize(posix.join(posix.dirname(path), specifier)) : specifier;
  const statements = text.matchAll(/^(import|export)\b([^'";]*?)\bfrom '([^']+)'|^import '([^']+)'/gm);
  const statics = Array.from(
    statements,
    ([, keyword = '', clause = '', from, alone = '']): Import => ({
      target: resolve(from ?? alone),
      kind: isTypeOnly(clause) ? 'type' : 'static',
      isReexport: keyword === 'export',
    }),
  );
  const calls = stripComments(text).matchAll(/\bimport\(\s*(?:'([^']+)'\s*\)|[^)]*)/g);
  const lazies = Array.from(
    calls,
    ([, specifier]): Import => ({
      target: specifier === undefined ? '(computed)' : resolve(specifier),
      kind: 'lazy',
      isReexport: false,
    }),
  );
  return {
    path,
    text,
    lines: text.split('\n').length - 1,
    imports: [...statics, ...lazies],
    exports: findExports(text),
  };
}

function findExports(text: string): string[] {
  const declared = text.matchAll(
    /^export (?:declare |abstract |async )*(?:function\*?|const|let|class|interface|type) (\w+)/gm,
  );
  const listed = text.matchAll(/^export (?:type )?\{([^}]*)\}(?! from)/gm);
  return [
    ...Array.from(declared, ([, name = '']) => name),
    ...Array.from(listed, ([, names = '']) => names.split(','))
      .flat()
      .flatMap((name) => /\w+(?=\s*$)/.exec(name) ?? []),
  ];
}

/** True if nothing is left of the clause between `import` and `from` after compilation. */
function isTypeOnly(clause: string): boolean {
  if (/^\s*type\b/.test(clause)) return true;
  const names = /^\s*\{([^}]*)\}\s*$/.exec(clause)?.[1];
  return names?.split(',').every((name) => /^\s*(type\b.*)?$/.test(name)) ?? false;
}

/** Removes comments at the beginning of a line or after a blank. Formatted source has no others. */
export function stripComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}
