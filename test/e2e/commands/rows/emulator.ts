import type { CommandRow } from '../command-row.ts';

export const emulatorRows: readonly CommandRow[] = [
  {
    command: 'emulator',
    what: 'until it is interrupted',
    arguments: () => ['--port', '0'],
    status: 130,
    endless: true,
  },
  {
    command: 'emulator',
    what: 'with private ECR',
    arguments: () => ['--port', '0', '--private-port', '0'],
    status: 130,
    endless: true,
  },
  {
    command: 'emulator',
    what: 'at an address that is none',
    arguments: () => ['--host', 'nowhere'],
    status: 2,
  },
  { command: 'version', what: 'of the package', arguments: () => [] },
];
