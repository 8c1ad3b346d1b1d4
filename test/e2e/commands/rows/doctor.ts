import type { CommandRow } from '../command-row.ts';

export const doctorRows: readonly CommandRow[] = [
  {
    command: 'doctor',
    what: 'of a repository',
    before: ({ run }) => [['repo', 'create', run]],
    arguments: ({ run }) => [run],
  },
  { command: 'doctor', what: 'without a repository', arguments: () => [] },
  {
    command: 'doctor',
    what: 'of a private repository',
    before: ({ privateHost, run }) => [['repo', 'create', `${privateHost}/${run}`]],
    arguments: ({ privateHost, run }) => [`${privateHost}/${run}`],
  },
  { command: 'doctor', what: 'of a private registry', arguments: ({ privateHost }) => [privateHost] },
  {
    command: 'doctor',
    what: 'of a missing repository',
    arguments: ({ run }) => [run],
    status: 5,
    document: 'doctor',
  },
  { command: 'doctor', what: 'of a foreign registry', arguments: () => ['ghcr.io/a/app'], status: 2 },
];
