import { locateArchive } from '../../../support/archives.ts';
import type { CommandRow, Place } from '../command-row.ts';

const push = ({ run }: Place): readonly (readonly string[])[] => [
  ['push', locateArchive('skopeo-multi-oci.tar'), `${run}:1`, '-t', '2', '--create-repo'],
];

/** An index by one tag, whose image goes with it. */
const pushOnce = ({ run }: Place): readonly (readonly string[])[] => [
  ['push', locateArchive('skopeo-multi-oci.tar'), `${run}:1`, '--create-repo'],
];

export const imageRows: readonly CommandRow[] = [
  { command: 'image list', what: 'of a repository', before: push, arguments: ({ run }) => [run] },
  { command: 'image list', what: 'by tag', before: push, arguments: ({ run }) => [run, '--tags'] },
  { command: 'image list', what: 'of a missing repository', arguments: ({ run }) => [run], status: 5 },
  { command: 'image describe', what: 'an index', before: push, arguments: ({ run }) => [`${run}:1`] },
  {
    command: 'image describe',
    what: 'an image',
    before: ({ run }) => [['push', locateArchive('skopeo-oci.tar'), `${run}:latest`, '--create-repo']],
    arguments: ({ run, registryHost, registryAlias }) => [`${registryHost}/${registryAlias}/${run}`],
  },
  {
    command: 'image describe',
    what: 'an index of private ECR',
    before: ({ privateHost, run }) => [
      ['push', locateArchive('skopeo-multi-oci.tar'), `${privateHost}/${run}:1`, '--create-repo'],
    ],
    arguments: ({ privateHost, run }) => [`${privateHost}/${run}:1`],
  },
  {
    command: 'image describe',
    what: 'a missing image',
    before: push,
    arguments: ({ run }) => [`${run}:no`],
    status: 5,
  },
  {
    command: 'image tag',
    what: 'with new and old tags',
    before: push,
    arguments: ({ run }) => [`${run}:1`, '2', '3'],
  },
  {
    command: 'image tag',
    what: 'a missing image',
    before: push,
    arguments: ({ run }) => [`${run}:no`, '3'],
    status: 5,
  },
  { command: 'image untag', what: 'one of two tags', before: push, arguments: ({ run }) => [`${run}:2`] },
  {
    command: 'image untag',
    what: 'the last tag, kept under another',
    before: pushOnce,
    arguments: ({ run }) => [`${run}:1`, '--keep-as', 'kept', '--yes'],
  },
  {
    command: 'image untag',
    what: 'the last tag',
    before: pushOnce,
    arguments: ({ run }) => [`${run}:1`],
    status: 6,
  },
  {
    command: 'image untag',
    what: 'the last tag without a terminal',
    before: pushOnce,
    arguments: ({ run }) => [`${run}:1`, '--keep-as', 'kept'],
    status: 2,
  },
  {
    command: 'image delete',
    what: 'with children',
    before: pushOnce,
    arguments: ({ run }) => [`${run}:1`, '--with-children', '--yes'],
  },
  {
    command: 'image delete',
    what: 'of several repositories, with a failure',
    before: (place) => [...push(place), ['repo', 'create', `${place.run}/empty`]],
    arguments: ({ run }) => [`${run}:1`, `${run}/empty:1`, '--yes'],
    status: 5,
    document: 'image-delete',
  },
  {
    command: 'image delete',
    what: 'without a terminal',
    before: push,
    arguments: ({ run }) => [`${run}:1`],
    status: 2,
  },
  {
    command: 'image prune',
    what: 'all',
    before: pushOnce,
    arguments: ({ run }) => [run, '--keep', '0', '--allow-empty', '--yes'],
  },
  {
    command: 'image prune',
    what: 'in a dry run',
    before: push,
    arguments: ({ run }) => [run, '--untagged', '--dry-run'],
  },
  {
    command: 'image prune',
    what: 'to nothing',
    before: push,
    arguments: ({ run }) => [run, '--keep', '0', '--yes'],
    status: 6,
  },
  { command: 'image prune', what: 'without a rule', arguments: ({ run }) => [run, '--yes'], status: 2 },
];
