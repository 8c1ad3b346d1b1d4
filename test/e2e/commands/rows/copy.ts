import { locateArchive } from '../../../support/archives.ts';
import type { CommandRow, Place } from '../command-row.ts';

const one = locateArchive('skopeo-oci.tar');
const index = locateArchive('skopeo-multi-oci.tar');

/** The repository that is copied, in the registry of the target. */
const from = ({ registryHost, registryAlias, run }: Place): string =>
  `${registryHost}/${registryAlias}/${run}/from`;

const pushBefore = ({ run }: Place): readonly (readonly string[])[] => [
  ['push', one, `${run}/from:1`, '--create-repo', '--tag', 'latest'],
  ['push', index, `${run}/from:2`],
];
const copyBefore = (place: Place): readonly (readonly string[])[] => [
  ...pushBefore(place),
  ['copy', `${from(place)}:1`, place.run, '--create-repo'],
];

/** The same in private ECR, without a tag. */
const privately = ({ privateHost, run }: Place): string => `${privateHost}/${run}`;
const pushPrivately = (place: Place): readonly (readonly string[])[] => [
  ['push', index, `${privately(place)}/from:1`, '--create-repo'],
];

export const copyRows: readonly CommandRow[] = [
  {
    command: 'copy',
    what: 'of an index to a new repository, verified',
    before: pushBefore,
    arguments: (place) => [
      `${from(place)}:2`,
      `${place.run}:new`,
      '--create-repo',
      '--verify',
      '-t',
      'latest',
    ],
  },
  {
    command: 'copy',
    what: 'of what is there already',
    before: copyBefore,
    arguments: (place) => [`${from(place)}:1`, place.run],
  },
  {
    command: 'copy',
    what: 'that moves a tag',
    before: copyBefore,
    arguments: (place) => [`${from(place)}:2`, `${place.run}:1`],
  },
  {
    command: 'copy',
    what: 'that leaves a tag alone',
    before: copyBefore,
    arguments: (place) => [`${from(place)}:2`, `${place.run}:1`, '--if-exists', 'skip'],
  },
  {
    command: 'copy',
    what: 'of one platform, by digest',
    before: copyBefore,
    arguments: (place) => [`${from(place)}:2`, place.run, '--platform', 'linux/arm64', '--by-digest'],
  },
  {
    command: 'copy',
    what: 'that sends nothing',
    before: pushBefore,
    arguments: (place) => [`${from(place)}:2`, place.run, '--create-repo', '--dry-run'],
  },
  {
    command: 'copy',
    what: 'of all tags',
    before: copyBefore,
    arguments: (place) => [from(place), place.run, '--all-tags'],
  },
  {
    command: 'copy',
    what: 'of all tags, without the repository',
    before: pushBefore,
    arguments: (place) => [from(place), place.run, '--all-tags'],
    status: 5,
    document: 'copy',
  },
  {
    command: 'copy',
    what: 'of tags that do not exist',
    before: pushBefore,
    arguments: (place) => [from(place), place.run, '--all-tags', '--match', 'v*'],
    status: 5,
  },
  {
    command: 'copy',
    what: 'of an image that does not exist',
    before: pushBefore,
    arguments: (place) => [`${from(place)}:none`, place.run],
    status: 5,
  },
  {
    command: 'copy',
    what: 'without the repository',
    before: pushBefore,
    arguments: (place) => [`${from(place)}:1`, place.run],
    status: 5,
  },
  {
    command: 'copy',
    what: 'to a guarded tag',
    before: copyBefore,
    arguments: (place) => [`${from(place)}:2`, `${place.run}:1`, '--if-exists', 'fail'],
    status: 6,
  },
  { command: 'copy', what: 'without a tag', arguments: () => ['ghcr.io/team/app', 'app'], status: 2 },
  {
    command: 'copy',
    what: 'from one repository of private ECR to another one',
    before: pushPrivately,
    arguments: (place) => [`${privately(place)}/from:1`, privately(place), '--create-repo', '--verify'],
  },
  {
    command: 'copy',
    what: 'of all tags of private ECR to ECR Public, with consent',
    before: pushPrivately,
    arguments: (place) => [
      `${privately(place)}/from`,
      place.run,
      '--all-tags',
      '--create-repo',
      '--yes',
      '--dry-run',
    ],
  },
  {
    command: 'copy',
    what: 'with a profile that does not exist',
    arguments: (place) => [`${privately(place)}/from:1`, place.run, '--yes', '--from-profile', 'missing'],
    status: 4,
  },
  {
    command: 'copy',
    what: 'of an image that private ECR does not have',
    before: pushPrivately,
    arguments: (place) => [`${privately(place)}/from:missing`, place.run, '--yes'],
    status: 5,
  },
  {
    command: 'copy',
    what: 'of a private image, with nobody to ask',
    arguments: () => ['123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1', 'app'],
    status: 2,
  },
];
