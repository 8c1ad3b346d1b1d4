import type { Command } from 'commander';
import type { Runner } from '../../command-context.ts';
import { addExamples, addExitStatuses, addOperations } from '../../help.ts';
import { collectValues, parseKmsKey, parseNonEmpty } from '../../options.ts';
import type { RepoCreateOptions } from './create.ts';
import type { RepoDeleteOptions } from './run.ts';

const REPOSITORY = '[HOST/ALIAS/]REPO, or HOST/REPO of private ECR';

/** Declares `ecrp repo`. */
export function addRepo(program: Command, run: Runner): void {
  const repo = program
    .command('repo')
    .summary('create, list, describe and delete repositories')
    .description('Create, list, describe and delete repositories.');
  addExamples(repo, ['ecrp repo create app', 'ecrp repo list --json']);
  const create = repo
    .command('create')
    .summary('create a repository')
    .description('Create a repository in ECR Public, optionally with catalog data, or in private ECR.')
    .argument('[name]', '[HOST/ALIAS/]REPO, or HOST/REPO of private ECR; it may come from the catalog file')
    .option(
      '--catalog <file>',
      'catalog data, or a whole create-repository input, as JSON or YAML',
      parseNonEmpty,
    )
    .option('--resource-tag <key=value>', 'resource tag (repeatable)', collectValues)
    .option('--if-missing', 'succeed if the repository exists already, and leave it as it is')
    .option('--update', 'set the given catalog data, tags and settings of one that exists; remove none')
    .optionsGroup('Settings (private ECR):')
    .option('--immutable-tags', 'a tag stays on its image for good')
    .option('--scan-on-push', 'scan each image for vulnerabilities when it is pushed')
    .option('--kms-key <arn>', 'KMS key that encrypts the images; it cannot be changed later', parseKmsKey)
    .action((name: string | undefined, options: RepoCreateOptions) =>
      run(async (context) => (await import('./create.ts')).createRepo(context, name, options)),
    );
  addExamples(create, [
    'ecrp repo create app --catalog catalog.json',
    'ecrp repo create team/app --if-missing --resource-tag team=web',
    'ecrp repo create app --catalog catalog.json --update',
    'ecrp repo create $HOST/app --immutable-tags --if-missing',
  ]);
  addOperations(create, 'CreateRepository', 'PutImageTagMutability', 'PutImageScanningConfiguration');
  addExitStatuses(create, {
    6: 'The repository exists already, and neither `--if-missing` nor `--update` is given; or with `--update`, it has another encryption key.',
  });
  const list = repo
    .command('list')
    .summary('list the repositories of your registry')
    .description(
      'List the repositories of your registry in ECR Public, or those of a registry of private ECR.',
    )
    .argument('[host]', 'host of a registry, such as ACCOUNT.dkr.ecr.REGION.amazonaws.com')
    .action((host: string | undefined) =>
      run(async (context) => (await import('./run.ts')).listRepos(context, host)),
    );
  addExamples(list, [
    'ecrp repo list',
    'ecrp repo list 123456789012.dkr.ecr.eu-west-1.amazonaws.com',
    'ecrp repo list --json',
  ]);
  addOperations(list, 'DescribeRepositories');
  const describe = repo
    .command('describe')
    .summary('describe one repository')
    .description('Describe one repository.')
    .argument('<name>', REPOSITORY)
    .action((name: string) => run(async (context) => (await import('./run.ts')).describeRepo(context, name)));
  addExamples(describe, ['ecrp repo describe app']);
  addOperations(describe, 'DescribeRepositories');
  const remove = repo
    .command('delete')
    .summary('delete a repository')
    .description('Delete a repository.')
    .argument('<name>', REPOSITORY)
    .option('--force', 'delete the images in it as well')
    .option('--yes', 'do not ask')
    .action((name: string, options: RepoDeleteOptions) =>
      run(async (context) => (await import('./run.ts')).deleteRepo(context, name, options)),
    );
  addExamples(remove, ['ecrp repo delete app', 'ecrp repo delete app --force --yes']);
  addOperations(remove, 'DeleteRepository');
  addExitStatuses(remove, {
    2: 'There is no terminal to ask on, and `--yes` is not given.',
    6: 'The repository has images, and `--force` is not given.',
  });
}
