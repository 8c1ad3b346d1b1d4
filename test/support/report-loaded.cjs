// Given to node by `--require`: writes which files a program had loaded when it ended, one a line, to ECRP_TEST_LOADED.

const { writeFileSync } = require('node:fs');

process.on('exit', () => {
  const files = Object.keys(require.cache).filter((file) => file !== __filename);
  writeFileSync(process.env.ECRP_TEST_LOADED, files.join('\n'));
});
