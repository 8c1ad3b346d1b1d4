import { type Command, Option } from 'commander';
import type { Runner } from '../../command-context.ts';
import { addExamples, addOperations } from '../../help.ts';
import type { LoginOptions } from './run.ts';
import type { TokenOptions } from './token.ts';

const HOST = 'host of ECR Public or of a private registry (default: public.ecr.aws)';
const HOSTS = 'hosts of ECR Public or of private registries (default: public.ecr.aws)';

/** Declares `ecrp login`, `ecrp logout` and `ecrp token`. */
export function addLogin(program: Command, run: Runner): void {
  const login = program
    .command('login')
    .summary('store a token for docker and similar tools')
    .description(
      "Store a token of each registry in docker's configuration, for docker and similar tools. 'ecrp push' needs no login.",
    )
    .argument('[host...]', HOSTS)
    .option('--password-stdout', 'print the password alone and store nothing')
    .addOption(
      new Option('--credential-helper', 'store no token: docker asks docker-credential-ecrp').conflicts(
        'passwordStdout',
      ),
    )
    .action((hosts: readonly string[], options: LoginOptions) =>
      run(async (context) => (await import('./run.ts')).login(context, hosts, options)),
    );
  addExamples(login, [
    'ecrp login',
    'ecrp login public.ecr.aws ecr-public.aws.com',
    'ecrp login 123456789012.dkr.ecr.eu-west-1.amazonaws.com',
    'ecrp login --password-stdout |\n      docker login --username AWS --password-stdin public.ecr.aws',
    'ecrp login --credential-helper',
  ]);
  addOperations(login, 'GetAuthorizationToken');
  const logout = program
    .command('logout')
    .summary('remove the token that login stored')
    .description("Remove what 'ecrp login' or 'docker login' stored for each registry.")
    .argument('[host...]', HOSTS)
    .action((hosts: readonly string[]) =>
      run(async (context) => (await import('./run.ts')).logout(context, hosts)),
    );
  addExamples(logout, ['ecrp logout', 'ecrp logout 123456789012.dkr.ecr.eu-west-1.amazonaws.com']);
  const token = program
    .command('token')
    .summary('print an authorization token')
    .description(
      "Print an authorization token of the registry, for the header 'Authorization: Bearer TOKEN'. A private registry takes 'Basic TOKEN'. It is a secret.",
    )
    .argument('[host]', HOST)
    .option('--password', 'print the password for docker login instead')
    .action((host: string | undefined, options: TokenOptions) =>
      run(async (context) => (await import('./token.ts')).printToken(context, host, options)),
    );
  addExamples(token, [
    'ecrp token',
    'ecrp token --password',
    'ecrp token 123456789012.dkr.ecr.eu-west-1.amazonaws.com',
    'ecrp token --json',
  ]);
  addOperations(token, 'GetAuthorizationToken');
}
