#!/usr/bin/env node
import module from 'node:module';

module.enableCompileCache?.();
const [{ runOnProcess }, { main }] = await Promise.all([
  import('../dist/process-io.js'),
  import('../dist/cli/credential-helper.js'),
]);
await runOnProcess(main);
