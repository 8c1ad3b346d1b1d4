// Preloaded into a run of the program: adds what V8 compiled in this run to the code cache in ECRP_CODE_CACHE.

const { mkdirSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { loadChunks } = require('../../bin/code-cache.js');

const directory = process.env.ECRP_CODE_CACHE;
const scripts = new Map();
loadChunks(directory, (name, script) => scripts.set(name, script));

process.on('exit', () => {
  mkdirSync(directory, { recursive: true });
  for (const [name, script] of scripts) {
    writeFileSync(join(directory, `${name}.bin`), script.createCachedData());
  }
});
