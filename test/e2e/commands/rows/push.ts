import { join } from 'node:path';
import { locateArchive } from '../../../support/archives.ts';
import type { CommandRow, Place } from '../command-row.ts';

const one = locateArchive('skopeo-oci.tar');
const two = locateArchive('docker-20.10-two-images.tar');
const index = locateArchive('skopeo-multi-oci.tar');

/** Pushes an image to a new repository of this run. */
const push = (source: string, tag: string, ...options: readonly string[]) => {
  return ({ run }: Place): readonly string[] => [source, `${run}:${tag}`, '--create-repo', ...options];
};
const pushBefore = (source: string, ...options: readonly string[]) => {
  const before = push(source, '1', ...options);
  return (place: Place): readonly (readonly string[])[] => [['push', ...before(place)]];
};

export const pushRows: readonly CommandRow[] = [
  {
    command: 'push',
    what: 'to a new repository, verified',
    arguments: push(locateArchive('docker-20.10-one.tar'), '1', '--verify', '--tag', 'latest'),
  },
  { command: 'push', what: 'of an image that is there', before: pushBefore(one), arguments: push(one, '1') },
  { command: 'push', what: 'that moves a tag', before: pushBefore(one), arguments: push(index, '1') },
  {
    command: 'push',
    what: 'that leaves a tag alone',
    before: pushBefore(one),
    arguments: push(index, '1', '--if-exists', 'skip'),
  },
  { command: 'push', what: 'of an index', arguments: push(index, '1') },
  { command: 'push', what: 'by digest', arguments: ({ run }) => [one, run, '--create-repo', '--by-digest'] },
  {
    command: 'push',
    what: 'of standard input',
    stdin: locateArchive('podman-docker-archive.tar'),
    arguments: push('-', '1'),
  },
  {
    command: 'push',
    what: 'to private ECR, verified',
    arguments: ({ run, privateHost }) => [
      ...[
        index,
        `${privateHost}/${run}:1`,
        '--verify',
        '--create-repo',
        '--immutable-tags',
        '--scan-on-push',
      ],
      ...['--resource-tag', 'a=b'],
    ],
  },
  {
    command: 'push',
    what: 'to an immutable tag of private ECR',
    before: ({ run, privateHost }) => [
      ['push', one, `${privateHost}/${run}:1`, '--create-repo', '--immutable-tags'],
    ],
    arguments: ({ run, privateHost }) => [index, `${privateHost}/${run}:1`],
    status: 6,
  },
  { command: 'push', what: 'through the registry', arguments: push(index, '1', '--transport', 'registry') },
  { command: 'push', what: 'that sends nothing', arguments: push(one, '1', '--dry-run') },
  { command: 'push', what: 'of each image', arguments: ({ run }) => [two, run, '--create-repo', '--all'] },
  {
    command: 'push',
    what: 'of each image, without the repository',
    arguments: ({ run }) => [two, run, '--all'],
    status: 5,
    document: 'push',
  },
  { command: 'push', what: 'without the repository', arguments: ({ run }) => [one, run], status: 5 },
  {
    command: 'push',
    what: 'to a guarded tag',
    before: pushBefore(one),
    arguments: push(index, '1', '--if-exists', 'fail'),
    status: 6,
  },
  {
    command: 'push',
    what: 'of a missing file',
    arguments: ({ directory }) => [join(directory, 'none.tar'), 'app'],
    status: 3,
  },
  {
    command: 'push',
    what: 'of plain files about an image',
    before: pushBefore(one),
    arguments: ({ run }) => [
      ...[`${run}:note`, `${one}:application/x-tar`, '--artifact-type', 'application/vnd.example'],
      ...['--subject', `${run}:1`, '--annotation', 'a=b'],
    ],
  },
  {
    command: 'push',
    what: 'of a plain file about an image that is not there',
    before: pushBefore(one),
    arguments: ({ run }) => [`${run}:note`, one, '--artifact-type', 'a/b', '--subject', `${run}:none`],
    status: 5,
  },
  {
    command: 'push',
    what: 'of a missing plain file',
    arguments: () => ['app:note', 'none.txt', '--artifact-type', 'a/b'],
    status: 3,
  },
  {
    command: 'push',
    what: 'of a chart',
    arguments: ({ run }) => [locateArchive('helm-chart.tgz'), run, '--create-repo'],
  },
  { command: 'push', what: 'with referrers', arguments: push(locateArchive('oras-copy'), '1') },
  { command: 'push', what: 'without an argument', arguments: () => [], status: 2 },
  {
    command: 'uploads list',
    what: 'with an interrupted upload',
    faults: ['CompleteLayerUpload error AccessDeniedException'],
    before: pushBefore(one),
    beforeStatus: 4,
    arguments: () => [],
  },
  { command: 'uploads list', what: 'with none', arguments: () => [] },
  {
    command: 'uploads clear',
    what: 'with an interrupted upload',
    faults: ['CompleteLayerUpload error AccessDeniedException'],
    before: pushBefore(one),
    beforeStatus: 4,
    arguments: () => [],
  },
];
