import type { CommandRow } from '../command-row.ts';

export const loginRows: readonly CommandRow[] = [
  { command: 'login', what: 'to the registry', arguments: () => [] },
  {
    command: 'login',
    what: 'to two hosts',
    arguments: () => ['--registry-host', 'public.ecr.aws', 'public.ecr.aws', 'ecr-public.aws.com'],
  },
  { command: 'login', what: 'with the credential helper', arguments: () => ['--credential-helper'] },
  { command: 'login', what: 'to a foreign host', arguments: () => ['docker.io'], status: 2 },
  { command: 'logout', what: 'after a login', before: () => [['login']], arguments: () => [] },
  { command: 'logout', what: 'without a login', arguments: () => [] },
  { command: 'token', what: 'of the registry', arguments: () => [] },
  { command: 'token', what: 'as a password', arguments: () => ['--password'] },
];
