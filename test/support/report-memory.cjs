// Given to node by `--require`: writes the peak memory of a program when it ended, as Linux counted it, to ECRP_TEST_MEMORY.

const { readFileSync, writeFileSync } = require('node:fs');

process.on('exit', () => {
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1')) ?? [];
  writeFileSync(process.env.ECRP_TEST_MEMORY, kib ?? '');
});
