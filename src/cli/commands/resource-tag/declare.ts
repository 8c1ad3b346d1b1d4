import type { Command } from 'commander';
import type { Runner } from '../../command-context.ts';
import { addExamples, addExitStatuses, addOperations } from '../../help.ts';

const REPOSITORY = '[HOST/ALIAS/]REPO, or HOST/REPO of private ECR';

/** Declares `ecrp resource-tag`. */
export function addResourceTag(program: Command, run: Runner): void {
  const resourceTag = program
    .command('resource-tag')
    .summary('label repositories for cost reports and IAM')
    .description(
      'List, add and remove the resource tags of a repository: labels for cost reports and IAM conditions. ' +
        'They have nothing to do with the tags of images.',
    );
  addExamples(resourceTag, ['ecrp resource-tag add app team=web stage=prod', 'ecrp resource-tag list app']);
  const list = resourceTag
    .command('list')
    .summary('list the resource tags of a repository')
    .description('List the resource tags of a repository.')
    .argument('<repo>', REPOSITORY)
    .action((name: string) => run(async (context) => (await import('./run.ts')).listTags(context, name)));
  addExamples(list, ['ecrp resource-tag list app', 'ecrp resource-tag list app --json']);
  addOperations(list, 'DescribeRepositories', 'ListTagsForResource');
  const add = resourceTag
    .command('add')
    .summary('add resource tags, or change their values')
    .description(
      'Add resource tags to a repository, or change the values of those that are there. The others stay. ' +
        'A repository can have 50.',
    )
    .argument('<repo>', REPOSITORY)
    .argument('<key=value...>', 'tags; a value may be empty')
    .action((name: string, tags: readonly string[]) =>
      run(async (context) => (await import('./run.ts')).addTags(context, name, tags)),
    );
  addExamples(add, ['ecrp resource-tag add app team=web', 'ecrp resource-tag add app team=web stage=prod']);
  addOperations(add, 'DescribeRepositories', 'ListTagsForResource', 'TagResource');
  addExitStatuses(add, { 7: 'The repository would have more than 50 resource tags.' });
  const remove = resourceTag
    .command('remove')
    .summary('remove resource tags')
    .description('Remove resource tags from a repository. A key that it does not have is no error.')
    .argument('<repo>', REPOSITORY)
    .argument('<key...>', 'keys of the tags, without values')
    .action((name: string, keys: readonly string[]) =>
      run(async (context) => (await import('./run.ts')).removeTags(context, name, keys)),
    );
  addExamples(remove, ['ecrp resource-tag remove app stage']);
  addOperations(remove, 'DescribeRepositories', 'ListTagsForResource', 'UntagResource');
}
