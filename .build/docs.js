// `npm run docs`: brings the generated blocks of bin/README.md up to date, and the list of man pages in package.json. npm links only pages
// that are listed there.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadReference } from './load-reference.js';

const root = join(import.meta.dirname, '..');
const { fillReference, listManFiles } = await loadReference();

const page = join(root, 'bin/README.md');
writeFileSync(page, fillReference(readFileSync(page, 'utf8')));

const metadata = join(root, 'package.json');
const members = JSON.parse(readFileSync(metadata, 'utf8'));
writeFileSync(metadata, `${JSON.stringify({ ...members, man: listManFiles() }, undefined, 2)}\n`);
