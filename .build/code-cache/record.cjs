// Preloaded into a run of the program: adds what V8 compiled in this run to the code cache in ECRP_CODE_CACHE. With ECRP_CODE_CACHE_KEEP, only chunks
// that are not there yet.

const { existsSync, mkdirSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { loadChunks } = require('../../bin/code-cache.js');

const { ECRP_CODE_CACHE: directory, ECRP_CODE_CACHE_KEEP: keep } = process.env;
const scripts = new Map();
loadChunks(directory, (name, script) => scripts.set(name, script));

process.on('exit', () => {
  mkdirSync(directory, { recursive: true });
  for (const [name, script] of scripts) {
    const file = join(directory, `${name}.bin`);
    if (keep === undefined || !existsSync(file)) writeFileSync(file, script.createCachedData());
  }
});
