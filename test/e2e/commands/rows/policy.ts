import { join } from 'node:path';
import type { CommandRow, Place } from '../command-row.ts';

const policies = join(import.meta.dirname, '../../../../fixtures/policies');
/** Lets an account read images. */
const READ = join(policies, 'read.json');
/** The statement EcrpPush, with more actions than those of a push. */
const WIDE_GRANT = join(policies, 'wide-grant.json');

const account = '210987654321';

const create = ({ run }: Place): readonly (readonly string[])[] => [
  ['repo', 'create', run, '--resource-tag', 'team=web'],
];
const grant = (place: Place): readonly (readonly string[])[] => [
  ...create(place),
  ['policy', 'grant', place.run, '--push', account],
];

/** Policies, resource tags and the registry. */
export const policyRows: readonly CommandRow[] = [
  { command: 'policy get', what: 'a policy', before: grant, arguments: ({ run }) => [run] },
  {
    command: 'policy get',
    what: 'a statement',
    before: grant,
    arguments: ({ run }) => [run, '--sid', 'EcrpPush'],
  },
  { command: 'policy get', what: 'of none', before: create, arguments: ({ run }) => [run], status: 5 },
  {
    command: 'policy set',
    what: 'from standard input',
    before: create,
    arguments: ({ run }) => [run, '--policy', '-'],
    stdin: READ,
  },
  {
    command: 'policy set',
    what: 'what is no policy',
    before: create,
    arguments: ({ run }) => [run, '--policy', '-'],
    status: 3,
  },
  { command: 'policy delete', what: 'a policy', before: grant, arguments: ({ run }) => [run] },
  { command: 'policy delete', what: 'none', before: create, arguments: ({ run }) => [run] },
  {
    command: 'policy delete',
    what: 'a statement',
    before: (place) => [
      ...create(place),
      ['policy', 'set', place.run, '--policy', READ],
      ['policy', 'grant', place.run, '--push', account],
    ],
    arguments: ({ run }) => [run, '--sid', 'EcrpPush'],
  },
  { command: 'policy delete', what: 'of no repository', arguments: ({ run }) => [run], status: 5 },
  {
    command: 'policy grant',
    what: 'to an account',
    before: create,
    arguments: ({ run }) => [run, '--push', account],
  },
  { command: 'policy grant', what: 'again', before: grant, arguments: ({ run }) => [run, '--push', account] },
  { command: 'policy grant', what: 'to everybody', arguments: ({ run }) => [run, '--push', '*'], status: 2 },
  {
    command: 'policy revoke',
    what: 'of the last',
    before: grant,
    arguments: ({ run }) => [run, '--push', account],
  },
  {
    command: 'policy revoke',
    what: 'of one',
    before: (place) => [...grant(place), ['policy', 'grant', place.run, '--push', '345678901234']],
    arguments: ({ run }) => [run, '--push', account],
  },
  {
    command: 'policy revoke',
    what: 'in a statement that does more',
    before: (place) => [...create(place), ['policy', 'set', place.run, '--policy', WIDE_GRANT]],
    arguments: ({ run }) => [run, '--push', account],
    status: 6,
  },
  { command: 'resource-tag list', what: 'of one', before: create, arguments: ({ run }) => [run] },
  { command: 'resource-tag list', what: 'of none', arguments: ({ run }) => [run], status: 5 },
  {
    command: 'resource-tag add',
    what: 'two',
    before: create,
    arguments: ({ run }) => [run, 'team=tools', 'stage=prod'],
  },
  {
    command: 'resource-tag add',
    what: 'what is there',
    before: create,
    arguments: ({ run }) => [run, 'team=web'],
  },
  { command: 'resource-tag add', what: 'without a value', arguments: ({ run }) => [run, 'team'], status: 2 },
  { command: 'resource-tag remove', what: 'one', before: create, arguments: ({ run }) => [run, 'team'] },
  {
    command: 'resource-tag remove',
    what: 'a reserved one',
    arguments: ({ run }) => [run, 'aws:x'],
    status: 2,
  },
  { command: 'registry describe', what: 'with an alias', before: create, arguments: () => [] },
  { command: 'registry describe', what: 'on another host', arguments: () => ['ghcr.io'], status: 2 },
  { command: 'registry set', what: 'a name', arguments: ({ run }) => ['--display-name', run] },
  {
    command: 'registry set',
    what: 'a long name',
    arguments: () => ['--display-name', 'x'.repeat(101)],
    status: 2,
  },
];
