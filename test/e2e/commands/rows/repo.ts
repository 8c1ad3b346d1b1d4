import { join } from 'node:path';
import { locateArchive } from '../../../support/archives.ts';
import type { CommandRow, Place } from '../command-row.ts';

const catalog = join(import.meta.dirname, '../../../../fixtures/catalog.json');

const create = ({ run }: Place): readonly (readonly string[])[] => [['repo', 'create', run]];
const push = ({ run }: Place): readonly (readonly string[])[] => [
  ['push', locateArchive('skopeo-oci.tar'), run, '--create-repo'],
];

export const repoRows: readonly CommandRow[] = [
  {
    command: 'repo create',
    what: 'with a resource tag',
    arguments: ({ run }) => [run, '--resource-tag', 'team=web'],
  },
  {
    command: 'repo create',
    what: 'if missing',
    before: create,
    arguments: ({ run }) => [run, '--if-missing'],
  },
  {
    command: 'repo create',
    what: 'to update one that exists',
    before: create,
    arguments: ({ run }) => [run, '--update', '--catalog', catalog, '--resource-tag', 'team=web'],
  },
  {
    command: 'repo create',
    what: 'of one that exists',
    before: create,
    arguments: ({ run }) => [run],
    status: 6,
  },
  { command: 'repo create', what: 'with a name that is none', arguments: () => ['No'], status: 2 },
  { command: 'repo list', what: 'with one', before: create, arguments: () => [] },
  { command: 'repo describe', what: 'by name', before: create, arguments: ({ run }) => [run] },
  {
    command: 'repo describe',
    what: 'by URI',
    before: create,
    arguments: ({ run, registryHost, registryAlias }) => [`${registryHost}/${registryAlias}/${run}`],
  },
  { command: 'repo describe', what: 'of a missing one', arguments: ({ run }) => [run], status: 5 },
  { command: 'repo delete', what: 'of an empty one', before: create, arguments: ({ run }) => [run, '--yes'] },
  {
    command: 'repo delete',
    what: 'with images',
    before: push,
    arguments: ({ run }) => [run, '--yes', '--force'],
  },
  {
    command: 'repo delete',
    what: 'with images, not forced',
    before: push,
    arguments: ({ run }) => [run, '--yes'],
    status: 6,
  },
  {
    command: 'repo delete',
    what: 'without a terminal',
    before: create,
    arguments: ({ run }) => [run],
    status: 2,
  },
];
