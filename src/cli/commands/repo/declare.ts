import type { Command } from 'commander';
import type { Runner } from '../../command-context.ts';
import { addExamples, addExitStatuses, addOperations } from '../../help.ts';
import { collectValues, parseNonEmpty } from '../../options.ts';
import type { RepoCreateOptions } from './create.ts';
import type { RepoDeleteOptions } from './run.ts';

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
    .description('Create a repository, optionally with catalog data.')
    .argument('[name]', '[HOST/ALIAS/]REPO; it may come from the catalog file')
    .option(
      '--catalog <file>',
      'catalog data, or a whole create-repository input, as JSON or YAML',
      parseNonEmpty,
    )
    .option('--resource-tag <key=value>', 'resource tag (repeatable)', collectValues)
    .option('--if-missing', 'succeed if the repository exists already, and leave it as it is')
    .option('--update', 'set the given catalog data and tags of one that exists; remove none')
    .action((name: string | undefined, options: RepoCreateOptions) =>
      run(async (context) => (await import('./create.ts')).createRepo(context, name, options)),
    );
  addExamples(create, [
    'ecrp repo create app --catalog catalog.json',
    'ecrp repo create team/app --if-missing --resource-tag team=web',
    'ecrp repo create app --catalog catalog.json --update',
  ]);
  addOperations(create, 'CreateRepository');
  addExitStatuses(create, {
    6: 'The repository exists already, and neither `--if-missing` nor `--update` is given.',
  });
  const list = repo
    .command('list')
    .summary('list the repositories of your registry')
    .description('List the repositories of your registry.')
    .action(() => run(async (context) => (await import('./run.ts')).listRepos(context)));
  addExamples(list, ['ecrp repo list', 'ecrp repo list --json']);
  addOperations(list, 'DescribeRepositories');
  const describe = repo
    .command('describe')
    .summary('describe one repository')
    .description('Describe one repository.')
    .argument('<name>', '[HOST/ALIAS/]REPO')
    .action((name: string) => run(async (context) => (await import('./run.ts')).describeRepo(context, name)));
  addExamples(describe, ['ecrp repo describe app']);
  addOperations(describe, 'DescribeRepositories');
  const remove = repo
    .command('delete')
    .summary('delete a repository')
    .description('Delete a repository.')
    .argument('<name>', '[HOST/ALIAS/]REPO')
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
