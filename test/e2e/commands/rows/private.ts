import { join } from 'node:path';
import { locateArchive } from '../../../support/archives.ts';
import type { CommandRow, Place } from '../command-row.ts';

const policies = join(import.meta.dirname, '../../../../fixtures/policies');
const LIFECYCLE = join(policies, 'lifecycle.json');
/** A policy of another kind. */
const READ = join(policies, 'read.json');

const name = ({ privateHost, run }: Place): string => `${privateHost}/${run}`;
const create = (place: Place): readonly (readonly string[])[] => [['repo', 'create', name(place)]];
const set = (place: Place): readonly (readonly string[])[] => [
  ...create(place),
  ['lifecycle', 'set', name(place), '--policy', LIFECYCLE],
];
const push = (place: Place): readonly (readonly string[])[] => [
  ...create(place),
  ['push', locateArchive('skopeo-oci.tar'), `${name(place)}:1.0`, '--tag', 'latest'],
];

/** Private ECR: the commands that it alone has, and those whose documents have members of their own there. */
export const privateRows: readonly CommandRow[] = [
  { command: 'lifecycle get', what: 'a policy', before: set, arguments: (place) => [name(place)] },
  {
    command: 'lifecycle get',
    what: 'of none',
    before: create,
    arguments: (place) => [name(place)],
    status: 5,
  },
  { command: 'lifecycle get', what: 'in ECR Public', arguments: ({ run }) => [run], status: 2 },
  {
    command: 'lifecycle set',
    what: 'from standard input',
    before: create,
    arguments: (place) => [name(place), '--policy', '-'],
    stdin: LIFECYCLE,
  },
  {
    command: 'lifecycle set',
    what: 'what is there',
    before: set,
    arguments: (place) => [name(place), '--policy', LIFECYCLE],
  },
  {
    command: 'lifecycle set',
    what: 'what is a policy of another kind',
    before: create,
    arguments: (place) => [name(place), '--policy', READ],
    status: 3,
  },
  { command: 'lifecycle delete', what: 'a policy', before: set, arguments: (place) => [name(place)] },
  { command: 'lifecycle delete', what: 'none', before: create, arguments: (place) => [name(place)] },
  {
    command: 'lifecycle delete',
    what: 'of no repository',
    arguments: (place) => [name(place)],
    status: 5,
  },
  {
    command: 'repo create',
    what: 'in private ECR with settings',
    arguments: (place) => [name(place), '--immutable-tags', '--scan-on-push', '--kms-key', 'k1'],
  },
  {
    command: 'repo create',
    what: 'in private ECR to update one',
    before: create,
    arguments: (place) => [name(place), '--update', '--immutable-tags', '--scan-on-push'],
  },
  {
    command: 'repo create',
    what: 'in ECR Public with a setting of private ECR',
    arguments: ({ run }) => [run, '--immutable-tags'],
    status: 2,
  },
  {
    command: 'repo list',
    what: 'of private ECR',
    before: create,
    arguments: ({ privateHost }) => [privateHost],
  },
  { command: 'repo list', what: 'of another host', arguments: () => ['ghcr.io'], status: 2 },
  { command: 'repo describe', what: 'of private ECR', before: push, arguments: (place) => [name(place)] },
  {
    command: 'repo delete',
    what: 'of private ECR',
    before: push,
    arguments: (place) => [name(place), '--force', '--yes'],
  },
  {
    command: 'policy grant',
    what: 'in private ECR',
    before: create,
    arguments: (place) => [name(place), '--push', '210987654321'],
  },
  {
    command: 'resource-tag add',
    what: 'in private ECR',
    before: create,
    arguments: (place) => [name(place), 'team=tools'],
  },
  { command: 'catalog get', what: 'of private ECR', arguments: (place) => [name(place)], status: 2 },
  {
    command: 'registry describe',
    what: 'of private ECR',
    arguments: ({ privateHost }) => [privateHost],
    status: 2,
  },
  { command: 'image list', what: 'of private ECR', before: push, arguments: (place) => [name(place)] },
  {
    command: 'image list',
    what: 'of private ECR by tag',
    before: push,
    arguments: (place) => [name(place), '--tags'],
  },
  {
    command: 'image describe',
    what: 'in private ECR',
    before: push,
    arguments: (place) => [`${name(place)}:1.0`],
  },
  {
    command: 'image tag',
    what: 'in private ECR',
    before: push,
    arguments: (place) => [`${name(place)}:1.0`, '1.1'],
  },
  {
    command: 'image untag',
    what: 'in private ECR',
    before: push,
    arguments: (place) => [`${name(place)}:1.0`],
  },
  {
    command: 'image delete',
    what: 'in private ECR',
    before: push,
    arguments: (place) => [`${name(place)}:1.0`, `${name(place)}:latest`, '--with-children', '--yes'],
  },
  {
    command: 'image delete',
    what: 'of both services at once',
    arguments: (place) => [`${name(place)}:1.0`, `${place.run}:1.0`, '--yes'],
    status: 2,
  },
  {
    command: 'image prune',
    what: 'in private ECR',
    before: push,
    arguments: (place) => [name(place), '--keep', '0', '--allow-empty', '--yes'],
  },
  {
    command: 'index create',
    what: 'in private ECR',
    before: push,
    arguments: (place) => [`${name(place)}:all`, `${name(place)}:1.0`],
  },
];
