// `npm run build`: bundles src/ with its packages into a few files in dist/. Loading some hundred modules took longer than a whole push
// of an image that the registry has already.
//
// The output is CommonJS, because Node's ESM loader takes 10 ms to start. Names and lines stay, and a comment names the file in src/ that a
// region of lines came from. So stack traces are readable without source maps, which would be a third of the package.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';
import { build } from 'rolldown';
import { addLicenses } from './add-licenses.js';
import { asciiOnly } from './ascii-only.js';
import { makeCodeCache } from './code-cache/make.js';
import { loadReference } from './load-reference.js';

const root = join(import.meta.dirname, '..');
const findPackage = (name) => join(root, 'node_modules', name);

/** Chunks that several commands share. A module's imports go into its chunk, unless a chunk above has them. */
const chunks = [
  // The start of both programs: little more than commander. The credential helper needs abort.ts, and not the client that has it too.
  { name: 'start', test: /[\\/]src[\\/](main|process-io|async[\\/]abort)\.ts$/ },
  // Makes a client on demand, resolves the repositories that its commands name, and finds their pages.
  {
    name: 'session',
    test: /[\\/]src[\\/]cli[\\/](ecr-session|service-address|own-registry|new-repository|gallery-page|unwritable-output)\.ts$/,
  },
  // The client of the SDK, and the operations that most pushes call. Other operations go with the commands that call them.
  {
    name: 'ecr',
    test: /[\\/]src[\\/]ecr[\\/](public[\\/]client|target[\\/]connect-target|repositories|registries)\.ts$/,
  },
  { name: 'push', test: /[\\/]src[\\/]cli[\\/](commands[\\/]push[\\/]run|progress[\\/]plain)\.ts$/ },
];

await build({
  cwd: root,
  input: {
    main: 'src/main.ts',
    'process-io': 'src/process-io.ts',
    'credential-helper': 'src/cli/credential-helper.ts',
    'deflate-worker': 'src/compress/deflate-worker.ts',
    'hash-worker': 'src/target/hash-worker.ts',
  },
  platform: 'node',
  // ES modules of packages, so that unused parts can be dropped.
  resolve: {
    mainFields: ['module', 'main'],
    alias: { debug: join(root, '.build/silent-debug.js') },
  },
  // Parts of the two compilers are in what they compile.
  plugins: [addLicenses('licenses.txt', ['assemblyscript', 'rolldown'].map(findPackage)), asciiOnly()],
  preserveEntrySignatures: 'allow-extension',
  // Any warning fails the build, above all a missing package.
  onwarn(warning) {
    throw new Error(warning.message);
  },
  output: {
    dir: 'dist',
    cleanDir: true,
    format: 'cjs',
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name].cjs',
    // Loads Node's own modules by require() as well.
    dynamicImportInCjs: false,
    comments: { legal: true, annotation: false, jsdoc: false },
    codeSplitting: { groups: chunks.map((chunk, index) => ({ ...chunk, priority: chunks.length - index })) },
  },
});

// The man pages of all commands.
const { formatManPages } = await loadReference();
const readPage = (name) => readFileSync(join(root, 'bin', name), 'utf8');
mkdirSync(join(root, 'dist/man'));
for (const [name, text] of formatManPages(readPage('README.md'), readPage('SCRIPTING.md'))) {
  writeFileSync(join(root, 'dist/man', name), text);
}

// Compiles and checks src/compress/deflate, which is AssemblyScript. memory.ts lays out the 32 pages of memory.
const { error, stderr } = await asc.main([
  join(root, 'src/compress/deflate/deflate.ts'),
  ...['--outFile', join(root, 'dist/deflate.wasm')],
  ...['--optimizeLevel', '3', '--noAssert', '--runtime', 'stub', '--initialMemory', '32'],
]);
if (error) throw new Error(String(stderr));

makeCodeCache();
