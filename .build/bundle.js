// What `npm run build` makes of src/: a few files in dist/ with everything in them, packages included. Reading and compiling some
// hundred modules took longer than a whole push of an image that is there already.
//
// CommonJS, as Node loads it without its ESM loader, which takes 10 ms. Names and lines are kept, so that a stack trace can be
// read as it is; `node --enable-source-maps` gives the places in src/.

import { join } from 'node:path';
import asc from 'assemblyscript/asc';
import { build } from 'rolldown';
import { addLicenses } from './add-licenses.js';

const root = join(import.meta.dirname, '..');

/** Files that several commands share. What a module here imports goes with it, unless a file above has it. */
const chunks = [
  // What both programs start with: little more than commander. The credential helper needs abort.ts, and not the client that has it too.
  { name: 'start', test: /[\\/]src[\\/](main|process-io|async[\\/]abort)\.ts$/ },
  // Makes a client when there is something to ask.
  { name: 'session', test: /[\\/]src[\\/]cli[\\/](ecr-session|registry-host)\.ts$/ },
  // The SDK's client and what we make of it.
  { name: 'ecr', test: /[\\/]src[\\/](?:ecr|net)[\\/](?!proxy-agents|trusted-roots)/ },
  { name: 'push', test: /[\\/]src[\\/]cli[\\/](commands[\\/]push|progress[\\/]plain-progress)\.ts$/ },
];

await build({
  cwd: root,
  input: {
    main: 'src/main.ts',
    'process-io': 'src/process-io.ts',
    'credential-helper': 'src/cli/credential-helper.ts',
    'deflate-worker': 'src/compress/deflate-worker.ts',
  },
  platform: 'node',
  // The packages' ES modules, of which unused parts can be left out.
  resolve: {
    mainFields: ['module', 'main'],
    alias: { debug: join(root, '.build/silent-debug.js') },
  },
  plugins: [addLicenses('licenses.txt')],
  preserveEntrySignatures: 'allow-extension',
  // Above all a package that is not found: it would be missed by whoever gets there.
  onwarn(warning) {
    throw new Error(warning.message);
  },
  output: {
    dir: 'dist',
    cleanDir: true,
    format: 'cjs',
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name].cjs',
    // Node's own modules as well are loaded by require().
    dynamicImportInCjs: false,
    sourcemap: true,
    sourcemapExcludeSources: true,
    comments: { legal: true, annotation: false, jsdoc: false },
    codeSplitting: { groups: chunks.map((chunk, index) => ({ ...chunk, priority: chunks.length - index })) },
  },
});

// Our deflate is AssemblyScript: its compiler checks it as well. The memory is what memory.ts lays out; bulk memory is in every Node.
const { error, stderr } = await asc.main([
  join(root, 'src/compress/deflate/deflate.ts'),
  ...['--outFile', join(root, 'dist/deflate.wasm')],
  ...['--optimizeLevel', '3', '--noAssert', '--runtime', 'stub', '--initialMemory', '32'],
]);
if (error) throw new Error(String(stderr));
