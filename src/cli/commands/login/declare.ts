import { type Command, Option } from 'commander';
import type { Runner } from '../../command-context.ts';
import { addExamples, addOperations } from '../../help.ts';
import type { LoginOptions } from './run.ts';
import type { TokenOptions } from './token.ts';

/** Declares `ecrp login`, `ecrp logout` and `ecrp token`. */
export function addLogin(program: Command, run: Runner): void {
  const login = program
    .command('login')
    .summary('store a token for docker and similar tools')
    .description("Store a token for the registry in docker's configuration. 'ecrp push' needs none.")
    .argument('[host...]', 'name of the registry (default: the registry host)')
    .option('--password-stdout', 'print the password alone and store nothing')
    .addOption(
      new Option(
        '--credential-helper',
        'register docker-credential-ecrp instead of storing a token',
      ).conflicts('passwordStdout'),
    )
    .action((hosts: readonly string[], options: LoginOptions) =>
      run(async (context) => (await import('./run.ts')).login(context, hosts, options)),
    );
  addExamples(login, [
    'ecrp login',
    'ecrp login public.ecr.aws ecr-public.aws.com',
    'ecrp login --password-stdout | docker login --username AWS --password-stdin public.ecr.aws',
    'ecrp login --credential-helper',
  ]);
  addOperations(login, 'GetAuthorizationToken');
  const logout = program
    .command('logout')
    .summary('remove the token that login stored')
    .description('Remove what `ecrp login` or `docker login` stored for the registry.')
    .argument('[host...]', 'name of the registry (default: the registry host)')
    .action((hosts: readonly string[]) =>
      run(async (context) => (await import('./run.ts')).logout(context, hosts)),
    );
  addExamples(logout, ['ecrp logout']);
  const token = program
    .command('token')
    .summary('print an authorization token')
    .description('Print an authorization token of the registry, for `Authorization: Bearer`.')
    .argument('[host]', 'name of the registry (default: the registry host)')
    .option('--password', 'print the password in it instead')
    .action((host: string | undefined, options: TokenOptions) =>
      run(async (context) => (await import('./token.ts')).printToken(context, host, options)),
    );
  addExamples(token, ['ecrp token', 'ecrp token --password', 'ecrp token --json']);
  addOperations(token, 'GetAuthorizationToken');
}
