import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseSource, readReadmes, readTree } from './support/architecture.ts';
import {
  findBarrels,
  findCycles,
  findFetchedPackages,
  findForeignImports,
  findForeignPackages,
  findPackagesAtStart,
} from './support/architecture-rules.ts';
import {
  excuseProblems,
  findGlobals,
  findLongFiles,
  findSharedNames,
  findSmallFiles,
  findUnexplainedRooms,
} from './support/architecture-shape.ts';

/** Small files that only one file imports, each with the reason why it is not a part of that file. */
const SMALL_FOR_A_REASON: Readonly<Record<string, string>> = {
  'src/compress/deflate-worker.ts': 'threads start with it',
};

const root = join(import.meta.dirname, '..');

describe('src/ keeps the rules of its map', () => {
  const files = readTree(root, 'src');
  // npm has written it. A missing member fails a test below.
  const metadata = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>;
  };

  test('rooms import only what they may', () => expect(findForeignImports(files)).toEqual([]));
  test('packages are imported by their rooms only', () =>
    expect(findForeignPackages(files, Object.keys(metadata.devDependencies))).toEqual([]));
  test('installing fetches no package, and versions are exact', () =>
    expect(findFetchedPackages(metadata)).toEqual([]));
  test('no cycles', () => expect(findCycles(files)).toEqual([]));
  test('no barrels', () => expect(findBarrels(files)).toEqual([]));
  test('the process is touched where Io is made of it; the SDK has two switches that are nowhere else', () =>
    expect(findGlobals(files, ['src/process-io.ts'])).toEqual([
      'src/ecr/client.ts uses process.env',
      'src/ecr/shared-config.ts uses process.env',
    ]));
  test('no file is too long', () => expect(findLongFiles(files)).toEqual([]));
  test('a small file has two importers or a reason', () =>
    expect(excuseProblems(findSmallFiles(files), Object.keys(SMALL_FOR_A_REASON))).toEqual([]));
  test('no two exported names are alike', () => expect(findSharedNames(files)).toEqual([]));
  test('each room says what it is for', () =>
    expect(findUnexplainedRooms(files, readReadmes(root, 'src'))).toEqual([]));
  test('starting loads commander and no other package', () =>
    expect(findPackagesAtStart(files, 'src/main.ts')).toEqual(['commander']));
});

describe('the rules see what breaks them', () => {
  const tree = (sources: Record<string, string>) =>
    Object.entries(sources).map(([path, text]) => parseSource(path, text));

  test.each([
    ['src/wire/a.ts', "import { x } from '../errors.ts';\n", 'src/wire/a.ts imports src/errors.ts'],
    ['src/oci/a.ts', "import type { X } from '../wire/x.ts';\n", 'src/oci/a.ts imports src/wire/x.ts'],
    [
      'src/emulator/b/a.ts',
      "import { x } from '../../oci/x.ts';\n",
      'src/emulator/b/a.ts imports src/oci/x.ts',
    ],
    [
      'src/source/a.ts',
      "import {\n  x,\n  y,\n} from '../ecr/x.ts';\n",
      'src/source/a.ts imports src/ecr/x.ts',
    ],
    ['src/docker/a.ts', "const x = await import('../cli/x.ts');\n", 'src/docker/a.ts imports src/cli/x.ts'],
    ['src/docker/a.ts', "import '../cli/x.ts';\n", 'src/docker/a.ts imports src/cli/x.ts'],
    ['src/async/a.ts', "import { x } from '../errors.ts';\n", 'src/async/a.ts imports src/errors.ts'],
    ['src/engine/a.ts', "import { x } from '../net/x.ts';\n", 'src/engine/a.ts imports src/net/x.ts'],
    ['src/engine/a.ts', "import type { X } from '../ecr/x.ts';\n", 'src/engine/a.ts imports src/ecr/x.ts'],
    [
      'src/engine/a.ts',
      "import { type X, y } from '../source/x.ts';\n",
      'src/engine/a.ts imports src/source/x.ts',
    ],
    [
      'src/cellar/a.ts',
      "import { x } from '../oci/x.ts';\n",
      'src/cellar/a.ts is in the room cellar, which is not on the map',
    ],
    ['src/cli/a.ts', 'const x = await import(name);\n', 'src/cli/a.ts imports a computed name'],
    [
      'src/cli/a.ts',
      "import { x } from '../emulator/x.ts';\n",
      'src/cli/a.ts imports the emulator other than lazily',
    ],
  ])('a foreign import: %s %j', (path, text, problem) => {
    expect(findForeignImports([parseSource(path, text)])).toEqual([problem]);
  });

  test('imports that the map allows', () => {
    const files = tree({
      'src/engine/a.ts': "import type { X } from '../ends/x.ts';\nimport { y } from '../oci/y.ts';\n",
      'src/ecr/a.ts':
        "import { x } from '../wire/x.ts';\nimport { b } from './b.ts';\n// import('../cli/x.ts')\n",
      'src/cli/a.ts': "const x = await import('../emulator/x.ts');\nimport { y } from '../engine/y.ts';\n",
    });
    expect(findForeignImports(files)).toEqual([]);
  });

  test('foreign packages', () => {
    const files = tree({
      'src/engine/a.ts': "import type { X } from '@aws-sdk/client-ecr-public';\n",
      'src/cli/b.ts': "const x = await import('@smithy/types');\nimport chalk from 'chalk';\n",
      'src/ecr/b.ts': "import { x } from '@smithy/types/y';\n",
      'src/source/c.ts':
        "import ora from 'ora';\nimport { x } from 'vitest';\nimport { y } from 'left-pad/z';\n",
      'src/oci/d.ts': "import { x } from '../../test/x.ts';\nimport { y } from 'node:fs';\n",
      'src/cli/e.ts': "import metadata from '../../package.json' with { type: 'json' };\n",
    });
    expect(findForeignPackages(files, ['@aws-sdk/client-ecr-public', 'chalk', 'ora', 'vitest'])).toEqual([
      'src/engine/a.ts imports @aws-sdk/client-ecr-public, which is for ecr',
      'src/cli/b.ts imports @smithy/types, which is for ecr',
      'src/ecr/b.ts imports @smithy/types/y, which package.json does not name',
      'src/source/c.ts imports ora, which is for cli',
      'src/source/c.ts imports vitest, which is for no room',
      'src/source/c.ts imports left-pad/z, which is for no room',
      'src/oci/d.ts imports test/x.ts, which is for no room',
    ]);
  });

  test('packages that are fetched, or have a range of versions', () => {
    const metadata = {
      name: 'a',
      dependencies: { chalk: '5.6.2' },
      bundledDependencies: ['ora'],
      devDependencies: {
        vitest: '4.1.12',
        yaml: '^2.9.1',
        'string-width': '8',
        commander: '14.0.3 || 15.0.0',
      },
    };
    expect(findFetchedPackages(metadata)).toEqual([
      'dependencies: installing would fetch them',
      'bundledDependencies: installing would fetch them',
      'yaml has the version ^2.9.1, not an exact one',
      'string-width has the version 8, not an exact one',
      'commander has the version 14.0.3 || 15.0.0, not an exact one',
    ]);
  });

  test('cycles, types included, lazy imports not', () => {
    const cycle = tree({
      'src/oci/a.ts': "import { b } from './b.ts';\n",
      'src/oci/b.ts': "import type { C } from './c.ts';\n",
      'src/oci/c.ts': "import { a } from './a.ts';\nimport { d } from './d.ts';\n",
      'src/oci/d.ts': "const a = await import('./a.ts');\n",
    });
    expect(findCycles(cycle)).toEqual(['src/oci/a.ts → src/oci/b.ts → src/oci/c.ts → src/oci/a.ts']);
  });

  test('barrels', () => {
    const files = tree({ 'src/oci/a.ts': "export * from './b.ts';\nexport type { C } from './c.ts';\n" });
    expect(findBarrels(files)).toEqual([
      'src/oci/a.ts re-exports src/oci/b.ts',
      'src/oci/a.ts re-exports src/oci/c.ts',
    ]);
  });

  test('globals', () => {
    const files = tree({
      'src/cli/a.ts':
        "console.log(process.env['X']);\n// process.argv is bin's\nconst url = 'http://x'; process.exit(1);\n",
      'src/cli/b.ts': 'io.process.env; process.platform; process.memoryUsage();\n',
      'src/cli/c.ts': 'process.argv;\n',
    });
    expect(findGlobals(files, ['src/cli/c.ts'])).toEqual([
      'src/cli/a.ts uses console.log',
      'src/cli/a.ts uses process.env',
      'src/cli/a.ts uses process.exit',
    ]);
  });

  test('long files', () => {
    const files = tree({ 'src/oci/a.ts': '\n'.repeat(251), 'src/oci/b.ts': '\n'.repeat(250) });
    expect(findLongFiles(files)).toEqual(['src/oci/a.ts has 251 lines, more than 250']);
  });

  test('small files that one file alone imports, or none', () => {
    const files = tree({
      'src/oci/alone.ts': '\n'.repeat(24),
      'src/oci/enough.ts': '\n'.repeat(25),
      'src/oci/lazy.ts': '\n',
      'src/oci/shared.ts': '\n',
      'src/oci/a.ts': `import './alone.ts';\nimport './alone.ts';\nimport './enough.ts';\nimport type { X } from './shared.ts';\n${'\n'.repeat(25)}`,
      'src/oci/b.ts': `import './shared.ts';\nawait import('./lazy.ts');\n${'\n'.repeat(25)}`,
      'src/oci/start.ts': '\n',
    });
    expect(findSmallFiles(files)).toEqual([
      'src/oci/alone.ts has 24 lines, fewer than 25, and serves src/oci/a.ts alone',
      'src/oci/lazy.ts has 1 lines, fewer than 25, and serves src/oci/b.ts alone',
      'src/oci/start.ts has 1 lines, fewer than 25, and serves no file alone',
    ]);
  });

  test('exported names that are alike', () => {
    const files = tree({
      'src/oci/a.ts':
        'export interface Digest {}\nexport type Size = 1;\nexport const X = 1;\nexport type X = 1;\nexport async function* read() {}\n',
      'src/ecr/a.ts':
        'export class Digest {}\nfunction read() {}\nconst Size = 1;\nexport { read, Size as Length };\n',
      'src/ecr/b.ts':
        "export abstract class Length {}\nexport { X } from '../oci/a.ts';\n// export const Size = 1\n",
    });
    expect(findSharedNames(files)).toEqual([
      'Digest is exported by src/oci/a.ts and src/ecr/a.ts',
      'Length is exported by src/ecr/a.ts and src/ecr/b.ts',
      'read is exported by src/oci/a.ts and src/ecr/a.ts',
    ]);
  });

  test('rooms that do not say what they are for', () => {
    const purpose = 'reads what the service says and passes it on unchanged';
    const files = tree({
      'src/main.ts': '',
      'src/bare/a.ts': 'export const a = 1;\n',
      'src/terse/a.ts': '// `terse/`\nexport const a = 1;\n',
      'src/other/a.ts': `// \`oci/\` ${purpose}\nexport const a = 1;\n`,
      'src/late/a.ts': `export const a = 1;\n// \`late/\` ${purpose}\n`,
      'src/deep/down/a.ts': `// \`deep/\` ${purpose}\n`,
      'src/line/a.ts': `// \`line/\`\n// ${purpose}\n\nexport const a = 1;\n`,
      'src/block/a.ts': `/**\n * \`block/\` ${purpose}\n */\nimport { a } from './b.ts';\n`,
      'src/readme/a.ts': '',
      'src/blank/a.ts': '',
    });
    const readmes = new Map([
      ['src/readme/README.md', `# The room\n\nIt ${purpose}.\n`],
      ['src/blank/README.md', '# Blank\n'],
      ['src/deep/down/README.md', `# Down\n\nIt ${purpose}.\n`],
    ]);
    expect(findUnexplainedRooms(files, readmes)).toEqual(
      ['bare', 'blank', 'deep', 'late', 'other', 'terse'].map(
        (room) => `src/${room} says nowhere what it is for`,
      ),
    );
  });

  test('excuses that are missing or no longer needed', () => {
    expect(excuseProblems(['a is long', 'b is long'], ['b', 'c'])).toEqual([
      'a is long',
      'c needs no excuse: remove it from the table',
    ]);
  });

  test('packages loaded at the start', () => {
    const files = tree({
      'src/main.ts': "import { p } from './cli/p.ts';\n",
      'src/cli/p.ts':
        "import { C } from 'commander';\nimport { x } from '@aws-sdk/x/y';\nimport 'ora';\nawait import('chalk');\nimport type { T } from 'yaml';\nimport 'node:fs';\n",
      'src/cli/q.ts': "import 'tar-stream';\n",
    });
    expect(findPackagesAtStart(files, 'src/main.ts')).toEqual(['@aws-sdk/x', 'commander', 'ora']);
  });
});
