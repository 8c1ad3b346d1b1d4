import type { Import, SourceFile } from './architecture.ts';

// The rules of src/README.md about imports. A room is a folder of src/, or a file directly in it.

/** Leaves that every room may import, except for other leaves and the emulator. */
const COMMON = ['errors', 'foreign-text', 'json'];

/** Rooms that each room may import. */
const REACHES: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  json: [],
  io: [],
  'foreign-text': [],
  files: [],
  clock: [],
  async: [],
  wire: [],
  oci: COMMON,
  ends: [...COMMON, 'oci'],
  source: [...COMMON, 'oci', 'files', 'ends', 'yaml', 'compress'],
  target: [...COMMON, 'oci', 'async', 'files', 'ends', 'compress'],
  compress: [...COMMON, 'oci', 'async', 'files', 'ends'],
  net: [...COMMON, 'io', 'clock'],
  ecr: [...COMMON, 'io', 'wire', 'oci', 'async', 'net', 'clock', 'files', 'ends', 'registry'],
  registry: [...COMMON, 'oci', 'async', 'net', 'ends'],
  // The engine knows the interfaces of both ends, and no source or target.
  engine: [...COMMON, 'oci', 'async', 'files', 'ends'],
  yaml: [],
  catalog: [...COMMON, 'wire', 'yaml'],
  retention: [...COMMON, 'oci'],
  policy: [...COMMON, 'wire'],
  docker: [...COMMON, 'io', 'async', 'files', 'net'],
  emulator: ['wire'],
};

/** Rooms that may import every other room: the command line and its entrances. */
const ENTRANCES = ['cli', 'main', 'process-io'];

/** The room that each package belongs to. The tools that build and test belong to none. */
const KEPT_PACKAGES: readonly (readonly [pattern: RegExp, room: string])[] = [
  [/^@aws-sdk\//, 'ecr'],
  [/^@smithy\//, 'ecr'],
  [/^https?-proxy-agent$/, 'net'],
  [/^write-file-atomic$/, 'files'],
  [/^proper-lockfile$/, 'files'],
  [/^yaml$/, 'yaml'],
  [/^tar-stream$/, 'target'],
  [/^markdown-it$/, 'catalog'],
  [/^(commander|ora|chalk|string-width|diff)$/, 'cli'],
];

/** Metadata of this package, which the bundler includes. */
const METADATA = 'package.json';

/** Finds imports that the map does not allow. */
export function findForeignImports(files: readonly SourceFile[]): string[] {
  return eachImport(files, (file, { target, kind }) => {
    if (target === '(computed)') return 'imports a computed name';
    if (!target.startsWith('src/')) return undefined;
    const [from, to] = [roomOf(file.path), roomOf(target)];
    if (from === to) return undefined;
    if (ENTRANCES.includes(from)) {
      return to === 'emulator' && kind === 'static' ? 'imports the emulator other than lazily' : undefined;
    }
    const reach = REACHES[from];
    if (reach === undefined) return `is in the room ${from}, which is not on the map`;
    return reach.includes(to) ? undefined : `imports ${target}`;
  });
}

/** Finds imports of packages that belong to another room or to none, or that package.json does not name. */
export function findForeignPackages(files: readonly SourceFile[], declared: readonly string[]): string[] {
  return eachImport(files, (file, { target }) => {
    if (target.startsWith('src/') || target.startsWith('node:') || target === '(computed)') return undefined;
    if (target === METADATA) return undefined;
    if (target.startsWith('..')) return `imports ${target}, which is outside src`;
    const name = packageOf(target);
    const keeper = KEPT_PACKAGES.find(([pattern]) => pattern.test(name))?.[1];
    if (keeper === undefined) return `imports ${target}, which is for no room`;
    if (roomOf(file.path) !== keeper) return `imports ${target}, which is for ${keeper}`;
    return declared.includes(name) ? undefined : `imports ${target}, which package.json does not name`;
  });
}

/** Finds packages in package.json that installing this one would fetch, or whose version is not exact. The build bundles what src/ imports. */
export function findFetchedPackages(metadata: object): string[] {
  return Object.entries(metadata).flatMap(([member, packages]) => {
    if (!/dependencies$/i.test(member)) return [];
    if (member !== 'devDependencies') return [`${member}: installing would fetch them`];
    return Object.entries<string>(packages)
      .filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))
      .map(([name, version]) => `${name} has the version ${version}, not an exact one`);
  });
}

/** Finds cycles of imports. Lazy imports may form cycles. */
export function findCycles(files: readonly SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
    if (trail.includes(path) || done.has(path)) return;
    for (const { target, kind } of byPath.get(path)?.imports ?? []) {
      if (kind !== 'lazy' && byPath.has(target)) visit(target, [...trail, path]);
    }
    done.add(path);
  };
  for (const { path } of files) visit(path, []);
  return cycles;
}

/** Finds re-exports. Every name is imported from its own file. */
export function findBarrels(files: readonly SourceFile[]): string[] {
  return eachImport(files, (_, { target, isReexport }) => (isReexport ? `re-exports ${target}` : undefined));
}

/** Finds the packages, except Node's own, that loading a file loads. */
export function findPackagesAtStart(files: readonly SourceFile[], entrance: string): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const packages = new Set<string>();
  const seen = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const { target, kind } of byPath.get(path)?.imports ?? []) {
      if (kind !== 'static' || target.startsWith('node:') || target === METADATA) continue;
      if (byPath.has(target)) visit(target);
      else packages.add(target.startsWith('src/') ? target : packageOf(target));
    }
  };
  visit(entrance);
  return [...packages].sort();
}

function eachImport(
  files: readonly SourceFile[],
  judge: (file: SourceFile, found: Import) => string | undefined,
): string[] {
  return files.flatMap((file) =>
    file.imports.flatMap((found) => {
      const problem = judge(file, found);
      return problem === undefined ? [] : [`${file.path} ${problem}`];
    }),
  );
}

function roomOf(path: string): string {
  return (path.split('/')[1] ?? '').replace(/\.ts$/, '');
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
