import { join } from 'node:path';
import { locateArchive } from '../../../support/archives.ts';
import type { CommandRow, Place } from '../command-row.ts';

const one = locateArchive('skopeo-oci.tar');
const index = locateArchive('skopeo-multi-oci.tar');

const name = ({ run, registryHost, registryAlias }: Place): string =>
  `${registryHost}/${registryAlias}/${run}:1`;
const pushBefore =
  (source: string) =>
  (place: Place): readonly (readonly string[])[] => [['push', source, `${place.run}:1`, '--create-repo']];

export const pullRows: readonly CommandRow[] = [
  {
    command: 'pull',
    what: 'into a new directory',
    before: pushBefore(one),
    arguments: (place) => [name(place), 'layout'],
  },
  {
    command: 'pull',
    what: 'of what is there already, from your own registry',
    before: (place) => [...pushBefore(one)(place), ['pull', name(place), 'layout']],
    arguments: ({ run }) => [`${run}:1`, 'layout'],
  },
  {
    command: 'pull',
    what: 'of an index into a tar',
    before: pushBefore(index),
    arguments: (place) => [name(place), 'image.tar'],
  },
  {
    command: 'pull',
    what: 'of one platform into a docker-archive',
    before: pushBefore(index),
    arguments: (place) => [
      ...[name(place), 'image.tar', '--format', 'docker-archive'],
      ...['--platform', 'linux/amd64', '--concurrency', '1'],
    ],
  },
  {
    command: 'pull',
    what: 'of private ECR into a tar',
    before: ({ privateHost, run }) => [['push', index, `${privateHost}/${run}:1`, '--create-repo']],
    arguments: ({ privateHost, run }) => [`${privateHost}/${run}:1`, 'image.tar'],
  },
  {
    command: 'pull',
    what: 'of a platform that the index lacks',
    before: pushBefore(index),
    arguments: (place) => [name(place), 'layout', '--platform', 'plan9/386'],
    status: 2,
  },
  {
    command: 'pull',
    what: 'of an image that is not there',
    before: pushBefore(one),
    arguments: (place) => [`${name(place)}-none`, 'layout'],
    status: 5,
  },
  {
    command: 'pull',
    what: 'into a directory with something else',
    arguments: ({ directory }) => ['app:1', join(directory, '..')],
    status: 6,
  },
  {
    command: 'pull',
    what: 'into a file that cannot be made',
    arguments: () => ['app:1', 'missing/image.tar'],
    status: 3,
  },
  { command: 'pull', what: 'to standard output', arguments: () => ['app:1', '-'], status: 2 },
  { command: 'pull', what: 'without a tag', arguments: () => ['app', 'layout'], status: 2 },
];
