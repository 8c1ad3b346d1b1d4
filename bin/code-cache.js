// V8's code cache of the chunks in dist/: compiling them takes longer than all else that a small command does. The build makes it, so it is there at
// the first run on a new machine. It serves the version of V8 that the build ran on. Others compile, and keep the result beside it if they may write
// there. Node's own place, a name in the temporary directory that everybody knows, would let other users choose what runs.

const { existsSync, readFileSync } = require('node:fs');
const { createRequire, enableCompileCache } = require('node:module');
const { basename, dirname, join } = require('node:path');
const { Script } = require('node:vm');

/** Around a module, as Node has them: the lines stay. */
const OPENING = Buffer.from('(function (exports, require, module, __filename, __dirname) { ');
const CLOSING = Buffer.from('\n})');

const { platform, arch, versions } = process;
const caches = join(__dirname, '../dist/code-cache');
const directory = join(caches, `${versions.v8}-${platform}-${arch}`);

/** Loads chunks from the code cache from now on, or has Node cache what it compiles. */
function useCodeCache() {
  if (existsSync(directory)) loadChunks(directory);
  else enableCompileCache?.(caches);
}

/**
 * Loads `.cjs` files with V8's code cache of each, `DIRECTORY/NAME.bin`. V8 rejects a cache that it cannot use, for example because of an option of
 * Node, and compiles. `onCompile(name, script)` gets every file.
 */
function loadChunks(directory, onCompile = () => undefined) {
  require.extensions['.cjs'] = (module, filename) => {
    const name = basename(filename);
    const cachedData = readIfThere(join(directory, `${name}.bin`));
    // ASCII, see .build/ascii-only.js. One string: V8 copies one that is put together of others.
    const source = Buffer.concat([OPENING, readFileSync(filename), CLOSING]).latin1Slice();
    const script = new Script(source, { filename, cachedData });
    onCompile(name, script);
    const { exports } = module;
    script
      .runInThisContext()
      .call(exports, exports, createRequire(filename), module, filename, dirname(filename));
  };
}

function readIfThere(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

module.exports = { directory, loadChunks, useCodeCache };
