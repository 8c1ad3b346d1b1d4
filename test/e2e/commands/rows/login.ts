import type { CommandRow } from '../command-row.ts';

const PRIVATE_HOST = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';

export const loginRows: readonly CommandRow[] = [
  { command: 'login', what: 'to the registry', arguments: () => [] },
  {
    command: 'login',
    what: 'to two hosts',
    arguments: () => ['--registry-host', 'public.ecr.aws', 'public.ecr.aws', 'ecr-public.aws.com'],
  },
  { command: 'login', what: 'with the credential helper', arguments: () => ['--credential-helper'] },
  {
    command: 'login',
    what: 'with the credential helper, to a private registry and the public one',
    arguments: ({ registryHost }) => ['--credential-helper', PRIVATE_HOST, registryHost],
  },
  {
    command: 'login',
    what: 'to a private registry and the public one',
    arguments: ({ privateHost, registryHost }) => [privateHost, registryHost],
  },
  { command: 'login', what: 'to a foreign host', arguments: () => ['docker.io'], status: 2 },
  { command: 'logout', what: 'after a login', before: () => [['login']], arguments: () => [] },
  { command: 'logout', what: 'without a login', arguments: () => [] },
  {
    command: 'logout',
    what: 'of a private registry, after its helper was registered',
    before: () => [['login', '--credential-helper', PRIVATE_HOST]],
    arguments: () => [PRIVATE_HOST],
  },
  { command: 'token', what: 'of the registry', arguments: () => [] },
  { command: 'token', what: 'of a private registry', arguments: ({ privateHost }) => [privateHost] },
  {
    command: 'token',
    what: 'of a host that only looks private',
    arguments: () => [`${PRIVATE_HOST}.example`],
    status: 2,
  },
  { command: 'token', what: 'as a password', arguments: () => ['--password'] },
];
