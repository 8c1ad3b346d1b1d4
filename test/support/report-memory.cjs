// Loaded by `node --require`. Writes the peak memory of the program, counted by Linux, to ECRP_TEST_MEMORY when it ends.

const { readFileSync, writeFileSync } = require('node:fs');

process.on('exit', () => {
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1')) ?? [];
  writeFileSync(process.env.ECRP_TEST_MEMORY, kib ?? '');
});
