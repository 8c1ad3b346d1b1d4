#!/usr/bin/env node
import module from 'node:module';

module.enableCompileCache?.();
const [{ runOnProcess }, { main }] = await Promise.all([
  import('../dist/process-io.js'),
  import('../dist/main.js'),
]);
await runOnProcess(main);
