// `npm run docs`: brings the generated blocks of bin/README.md up to date.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadReference } from './load-reference.js';

const page = join(import.meta.dirname, '../bin/README.md');
const { fillReference } = await loadReference();
writeFileSync(page, fillReference(readFileSync(page, 'utf8')));
