// Loaded by `node --require`. Writes what V8 did with the code cache of each script, `NAME used|rejected|absent` on a line each, to
// ECRP_TEST_CODE_CACHE when the program ends.

const { writeFileSync } = require('node:fs');
const { basename } = require('node:path');
const vm = require('node:vm');

const lines = [];
const { Script } = vm;
vm.Script = class extends Script {
  constructor(source, options) {
    super(source, options);
    const what = { true: 'rejected', false: 'used' }[this.cachedDataRejected] ?? 'absent';
    lines.push(`${basename(options.filename)} ${what}`);
  }
};

process.on('exit', () => writeFileSync(process.env.ECRP_TEST_CODE_CACHE, lines.join('\n')));
