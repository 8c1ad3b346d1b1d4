#!/usr/bin/env node
require('node:module').enableCompileCache?.();
const { runOnProcess } = require('../dist/process-io.cjs');
const { main } = require('../dist/main.cjs');
runOnProcess(main);
