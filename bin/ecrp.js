#!/usr/bin/env node
require('./code-cache.js').useCodeCache();
const { runOnProcess } = require('../dist/process-io.cjs');
const { main } = require('../dist/main.cjs');
runOnProcess(main);
