import { join } from 'node:path';
import { locateArchive } from '../../../support/archives.ts';
import type { CommandRow, Place } from '../command-row.ts';

const amd64 = locateArchive('docker-20.10-one.tar');
const layout = locateArchive('skopeo-oci.tar');
const many = locateArchive('skopeo-multi-oci.tar');

type Before = (place: Place) => readonly (readonly string[])[];

/** An index under the tag 1, of one image. */
const createBefore: Before = ({ run }) => [['index', 'create', `${run}:1`, amd64, '--create-repo']];
/** An index under the tag 1, of two images. */
const createTwoBefore: Before = ({ run }) => [
  ['index', 'create', `${run}:1`, amd64, `${layout}=linux/arm64`, '--create-repo'],
];
const pushBefore: Before = ({ run }) => [['push', layout, `${run}:image`, '--create-repo']];

export const indexRows: readonly CommandRow[] = [
  {
    command: 'index create',
    what: 'of two archives in a new repository, verified',
    arguments: ({ run }) => [
      `${run}:1`,
      amd64,
      `${layout}=linux/arm64`,
      '--create-repo',
      '--verify',
      '--tag',
      'latest',
    ],
  },
  {
    command: 'index create',
    what: 'of an archive and an image that is there',
    before: pushBefore,
    arguments: ({ run }) => [`${run}:1`, amd64, `${run}:image=linux/arm64`],
  },
  {
    command: 'index create',
    what: 'of the images of an index, with an annotation',
    arguments: ({ run }) => [`${run}:1`, many, '--create-repo', '--annotation', 'org.example.key=value'],
  },
  {
    command: 'index create',
    what: 'that is there already',
    before: createBefore,
    arguments: ({ run }) => [`${run}:1`, amd64],
  },
  {
    command: 'index create',
    what: 'without a tag',
    arguments: ({ run }) => [run, amd64, '--create-repo', '--by-digest'],
  },
  {
    command: 'index create',
    what: 'that sends nothing',
    arguments: ({ run }) => [`${run}:1`, amd64, '--create-repo', '--dry-run'],
  },
  {
    command: 'index create',
    what: 'of a missing file',
    arguments: ({ run, directory }) => [`${run}:1`, join(directory, 'none.tar')],
    status: 3,
  },
  {
    command: 'index create',
    what: 'of an image that is not there',
    before: pushBefore,
    arguments: ({ run }) => [`${run}:1`, `${run}:none`],
    status: 5,
  },
  {
    command: 'index create',
    what: 'of two images for one platform',
    arguments: ({ run }) => [`${run}:1`, amd64, amd64],
    status: 2,
  },
  {
    command: 'index create',
    what: 'under a guarded tag',
    before: pushBefore,
    arguments: ({ run }) => [`${run}:image`, amd64, '--if-exists', 'fail'],
    status: 6,
  },
  { command: 'index create', what: 'without a source', arguments: ({ run }) => [`${run}:1`], status: 2 },
  {
    command: 'index add',
    what: 'of an archive',
    before: createBefore,
    arguments: ({ run }) => [`${run}:1`, `${layout}=linux/arm64`, '--verify'],
  },
  {
    command: 'index add',
    what: 'of what is there already',
    before: createBefore,
    arguments: ({ run }) => [`${run}:1`, amd64],
  },
  {
    command: 'index add',
    what: 'that sends nothing',
    before: createBefore,
    arguments: ({ run }) => [`${run}:1`, `${layout}=linux/arm64`, '--dry-run'],
  },
  {
    command: 'index add',
    what: 'to a single image',
    before: pushBefore,
    arguments: ({ run }) => [`${run}:image`, amd64],
    status: 3,
  },
  {
    command: 'index add',
    what: 'to an index that is not there',
    before: pushBefore,
    arguments: ({ run }) => [`${run}:none`, amd64],
    status: 5,
  },
  { command: 'index add', what: 'without a tag', arguments: () => ['app', amd64], status: 2 },
  {
    command: 'index remove',
    what: 'of a platform',
    before: createTwoBefore,
    arguments: ({ run }) => [`${run}:1`, 'linux/arm64'],
  },
  {
    command: 'index remove',
    what: 'of a platform that is not there',
    before: createTwoBefore,
    arguments: ({ run }) => [`${run}:1`, 'linux/s390x', '--dry-run'],
  },
  {
    command: 'index remove',
    what: 'of the last image',
    before: createBefore,
    arguments: ({ run }) => [`${run}:1`, 'linux/amd64'],
    status: 6,
  },
  { command: 'index remove', what: 'of no platform', arguments: () => ['app:1', 'linux'], status: 2 },
];
