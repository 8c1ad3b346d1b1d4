// Loaded by `node --require`. Writes the files that the program has loaded, one per line, to ECRP_TEST_LOADED when it ends.

const { writeFileSync } = require('node:fs');

process.on('exit', () => {
  const files = Object.keys(require.cache).filter((file) => file !== __filename);
  writeFileSync(process.env.ECRP_TEST_LOADED, files.join('\n'));
});
