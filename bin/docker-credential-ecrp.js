#!/usr/bin/env node
require('node:module').enableCompileCache?.();
const { runOnProcess } = require('../dist/process-io.cjs');
const { runHelperProgram } = require('../dist/credential-helper.cjs');
runOnProcess(runHelperProgram);
