import { join } from 'node:path';
import type { CommandRow, Place } from '../command-row.ts';

const fixtures = join(import.meta.dirname, '../../../../fixtures');
const file = join(fixtures, 'catalog.json');
const wholeInput = join(fixtures, 'create-repository.yaml');
/** It is no catalog file. */
const archive = join(fixtures, 'archives', 'docker-20.10-one.tar');

const create = ({ run }: Place): readonly (readonly string[])[] => [['repo', 'create', run]];
const fill = ({ run }: Place): readonly (readonly string[])[] => [['repo', 'create', run, '--catalog', file]];

export const catalogRows: readonly CommandRow[] = [
  { command: 'catalog get', what: 'of a full one', before: fill, arguments: ({ run }) => [run] },
  { command: 'catalog get', what: 'of an empty one', before: create, arguments: ({ run }) => [run] },
  {
    command: 'catalog get',
    what: 'into a directory',
    before: fill,
    arguments: ({ run }) => [run, '--output', 'saved'],
  },
  { command: 'catalog get', what: 'of a missing repository', arguments: ({ run }) => [run], status: 5 },
  {
    command: 'catalog set',
    what: 'from a file',
    before: create,
    arguments: ({ run }) => [run, '--catalog', file],
  },
  {
    command: 'catalog set',
    what: 'field by field, by URI',
    before: fill,
    arguments: ({ run, registryHost, registryAlias }) => [
      `${registryHost}/${registryAlias}/${run}`,
      ...['--description', 'other', '--architecture', 'ARM', '--os', 'Linux', '--clear', 'usage'],
    ],
  },
  {
    command: 'catalog set',
    what: 'to what is there',
    before: fill,
    arguments: ({ run }) => [run, '--catalog', file],
  },
  { command: 'catalog set', what: 'without anything to set', arguments: ({ run }) => [run], status: 2 },
  {
    command: 'catalog set',
    what: 'from a bad file',
    arguments: ({ run }) => [run, '--catalog', archive],
    status: 3,
  },
  {
    command: 'catalog set',
    what: 'of a missing repository',
    arguments: ({ run }) => [run, '--description', 'x'],
    status: 5,
  },
  { command: 'catalog validate', what: 'of a whole input', arguments: () => [wholeInput] },
  { command: 'catalog validate', what: 'of a bad file', arguments: () => [archive], status: 3 },
  {
    command: 'catalog diff',
    what: 'with differences',
    before: create,
    arguments: ({ run }) => [run, file],
  },
  {
    command: 'catalog diff',
    what: 'with differences and a status for them',
    before: create,
    arguments: ({ run }) => [run, file, '--detailed-exitcode'],
    status: 10,
    document: 'catalog-diff',
  },
  {
    command: 'catalog diff',
    what: 'without any',
    before: fill,
    arguments: ({ run }) => [run, file, '--detailed-exitcode'],
  },
  {
    command: 'catalog diff',
    what: 'of a missing repository',
    arguments: ({ run }) => [run, file],
    status: 5,
  },
];
