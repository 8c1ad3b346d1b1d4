import { Command, Option } from 'commander';
import { addEmulator } from './commands/emulator/declare.ts';
import { addPush } from './commands/push/declare.ts';
import type { RepoCreateOptions } from './commands/repo-create.ts';
import type { RepoDeleteOptions } from './commands/repo-delete.ts';
import { addExamples, type Runner } from './declare-command.ts';
import { addGlobalOptions } from './global-options.ts';
import { helpConfiguration } from './help.ts';
import { addLogin } from './login-command.ts';
import { collectValues, parseNonEmpty } from './option-values.ts';
import { readVersion, showVersion } from './read-version.ts';
import { addUploads } from './uploads-command.ts';

/** The whole command line. Commands are imported when they are run, so that none pays for another. */
export function buildProgram(run: Runner): Command {
  const program = new Command('ecrp')
    .description(
      'Push image archives to Amazon ECR Public without a Docker daemon, and manage what is there.',
    )
    .helpCommand('help [command]', 'print help')
    .configureHelp(helpConfiguration);
  addGlobalOptions(program);
  program
    .version(readVersion(), '-V, --version', 'print the version')
    .addHelpOption(new Option('-h, --help', 'print help'));
  addExamples(program, [
    'ecrp push app.tar app:1.0',
    'ecrp repo create app --catalog catalog.json',
    'ecrp push app.tar app:1.0 --create-repo --json',
  ]);
  addPush(program, run);
  addRepo(program, run);
  addLogin(program, run);
  addUploads(program, run);
  addEmulator(program, run);
  addVersion(program, run);
  return program;
}

function addVersion(program: Command, run: Runner): void {
  const version = program
    .command('version')
    .summary('print the version')
    .description('Print the version.')
    .action(() => run(async () => showVersion()));
  addExamples(version, ['ecrp version', 'ecrp version --json']);
}

function addRepo(program: Command, run: Runner): void {
  const repo = program
    .command('repo')
    .summary('create, list, describe and delete repositories')
    .description('Create, list, describe and delete repositories.');
  addExamples(repo, ['ecrp repo create app', 'ecrp repo list --json']);
  const create = repo
    .command('create')
    .summary('create a repository')
    .description('Create a repository, with its catalog data if there is any.')
    .argument('[name]', '[HOST/ALIAS/]REPO; it may come from the catalog file')
    .option(
      '--catalog <file>',
      'catalog data, or a whole create-repository input, as JSON or YAML',
      parseNonEmpty,
    )
    .option('--resource-tag <key=value>', 'resource tag (repeatable)', collectValues)
    .option('--if-missing', 'succeed when the repository exists already')
    .action((name: string | undefined, options: RepoCreateOptions) =>
      run(async (context) => (await import('./commands/repo-create.ts')).createRepo(context, name, options)),
    );
  addExamples(create, [
    'ecrp repo create app --catalog catalog.json',
    'ecrp repo create team/app --if-missing --resource-tag team=web',
  ]);
  const list = repo
    .command('list')
    .summary('list the repositories of your registry')
    .description('List the repositories of your registry.')
    .action(() => run(async (context) => (await import('./commands/repo-list.ts')).listRepos(context)));
  addExamples(list, ['ecrp repo list', 'ecrp repo list --json']);
  const describe = repo
    .command('describe')
    .summary('describe one repository')
    .description('Describe one repository.')
    .argument('<name>', '[HOST/ALIAS/]REPO')
    .action((name: string) =>
      run(async (context) => (await import('./commands/repo-describe.ts')).describeRepo(context, name)),
    );
  addExamples(describe, ['ecrp repo describe app']);
  const remove = repo
    .command('delete')
    .summary('delete a repository')
    .description('Delete a repository.')
    .argument('<name>', '[HOST/ALIAS/]REPO')
    .option('--force', 'delete the images in it as well')
    .option('--yes', 'do not ask')
    .action((name: string, options: RepoDeleteOptions) =>
      run(async (context) => (await import('./commands/repo-delete.ts')).deleteRepo(context, name, options)),
    );
  addExamples(remove, ['ecrp repo delete app', 'ecrp repo delete app --force --yes']);
}
