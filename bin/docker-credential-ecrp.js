#!/usr/bin/env node
require('./code-cache.js').useCodeCache();
const { runOnProcess } = require('../dist/process-io.cjs');
const { runHelperProgram } = require('../dist/credential-helper.cjs');
runOnProcess(runHelperProgram);
