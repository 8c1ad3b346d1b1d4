import type { Command } from 'commander';
import type { Runner } from '../../command-context.ts';
import { addExamples, addExitStatuses, addOperations } from '../../help.ts';
import type { ImageListOptions } from './list.ts';

/** Declares `ecrp image`. */
export function addImage(program: Command, run: Runner): void {
  const image = program
    .command('image')
    .summary('list and describe images')
    .description('List and describe the images of a repository.');
  addExamples(image, ['ecrp image list app', 'ecrp image describe app:1.0']);
  addList(image, run);
  addDescribe(image, run);
}

function addList(image: Command, run: Runner): void {
  const list = image
    .command('list')
    .summary('list the images of a repository')
    .description(
      "List the images of a repository, the newest first. Of another publisher's repository, list the tags: its registry shows no more.",
    )
    .argument('<repo>', '[HOST/ALIAS/]REPO')
    .option('--tags', 'list tags, with the time at which each was put on its image')
    .action((repo: string, options: ImageListOptions) =>
      run(async (context) => (await import('./list.ts')).listImages(context, repo, options)),
    );
  addExamples(list, [
    'ecrp image list app',
    'ecrp image list app --tags',
    "ecrp image list app --json | jq -r '.imageDetails[].imageDigest'",
    'ecrp image list public.ecr.aws/nginx/nginx',
  ]);
  addOperations(list, 'DescribeImages', 'DescribeImageTags');
}

function addDescribe(image: Command, run: Runner): void {
  const describe = image
    .command('describe')
    .summary('describe one image')
    .description(
      'Describe an image: its config and layers, or the platforms of an index. Reads it through the registry, as a pull does.',
    )
    .argument('<reference>', '[HOST/ALIAS/]REPO[:TAG][@DIGEST]; without a tag, latest')
    .action((reference: string) =>
      run(async (context) => (await import('./describe.ts')).describeImage(context, reference)),
    );
  addExamples(describe, [
    'ecrp image describe app:1.0',
    'ecrp image describe public.ecr.aws/docker/library/alpine:3',
    "ecrp image describe app:1.0 --json | jq '.config.labels'",
  ]);
  addExitStatuses(describe, { 6: 'Tag and digest are given, and the tag is on another image.' });
}
