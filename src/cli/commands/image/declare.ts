import { type Command, Option } from 'commander';
import type { Runner } from '../../command-context.ts';
import { addExamples, addExitStatuses, addOperations } from '../../help.ts';
import { collectValues, parseAge, parseIntegerWithin, parseNonEmpty } from '../../options.ts';
import type { ImageDeleteOptions } from './delete.ts';
import type { ImageListOptions } from './list.ts';
import type { ImagePruneOptions } from './prune.ts';
import type { ImageTagOptions } from './tag.ts';
import type { ImageUntagOptions } from './untag.ts';

const REPOSITORY = '[HOST/ALIAS/]REPO, or HOST/REPO of private ECR';

/** Declares `ecrp image`. */
export function addImage(program: Command, run: Runner): void {
  const image = program
    .command('image')
    .summary('list, describe, tag, delete and prune images')
    .description('List, describe, tag, delete and prune the images of a repository.');
  addExamples(image, ['ecrp image list app', 'ecrp image prune app --untagged --dry-run']);
  addList(image, run);
  addDescribe(image, run);
  addTag(image, run);
  addUntag(image, run);
  addDelete(image, run);
  addPrune(image, run);
}

function addList(image: Command, run: Runner): void {
  const list = image
    .command('list')
    .summary('list the images of a repository')
    .description(
      "List the images of a repository, the newest first. Of another publisher's repository, or of any other registry, list the tags: it shows no more.",
    )
    .argument('<repo>', '[HOST/ALIAS/]REPO, or HOST/PATH of any registry')
    .option('--tags', 'list tags; in ECR Public with the time at which each was put on its image')
    .action((repo: string, options: ImageListOptions) =>
      run(async (context) => (await import('./list.ts')).listImages(context, repo, options)),
    );
  addExamples(list, [
    'ecrp image list app',
    'ecrp image list app --tags',
    "ecrp image list app --json | jq -r '.imageDetails[].imageDigest'",
    'ecrp image list public.ecr.aws/nginx/nginx',
    'ecrp image list 123456789012.dkr.ecr.eu-west-1.amazonaws.com/app',
    'ecrp image list ghcr.io/team/app',
  ]);
  addOperations(list, 'DescribeImages', 'DescribeImageTags');
}

function addDescribe(image: Command, run: Runner): void {
  const describe = image
    .command('describe')
    .summary('describe one image')
    .description(
      'Describe an image: its config and layers, or the platforms of an index. Reads it as a pull does.',
    )
    .argument(
      '<reference>',
      '[HOST/ALIAS/]REPO[:TAG][@DIGEST], or HOST/PATH[:TAG][@DIGEST] of any registry; without a tag, latest',
    )
    .action((reference: string) =>
      run(async (context) => (await import('./describe.ts')).describeImage(context, reference)),
    );
  addExamples(describe, [
    'ecrp image describe app:1.0',
    'ecrp image describe public.ecr.aws/docker/library/alpine:3',
    'ecrp image describe docker.io/library/alpine:3',
    "ecrp image describe app:1.0 --json | jq '.config.labels'",
  ]);
  addExitStatuses(describe, { 6: 'Tag and digest are given, and the tag is on another image.' });
}

function addTag(image: Command, run: Runner): void {
  const tag = image
    .command('tag')
    .summary('put further tags on an image')
    .description(
      'Put further tags on an image or index that is there. Its manifest keeps its exact bytes, and no layer is sent.',
    )
    .argument('<reference>', `${REPOSITORY}, with :TAG, @DIGEST or both`)
    .argument('<tags...>', 'tags to put; moving ones such as latest are put last')
    .addOption(
      new Option('--if-exists <action>', 'if a tag is on another image')
        .choices(['overwrite', 'skip', 'fail'])
        .default('overwrite'),
    )
    .action((reference: string, tags: readonly string[], options: ImageTagOptions) =>
      run(async (context) => (await import('./tag.ts')).tagImage(context, reference, tags, options)),
    );
  addExamples(tag, [
    'ecrp image tag app:1.2.3 1.2 1 latest',
    'ecrp image tag app:1.2.3 stable --if-exists fail',
  ]);
  addOperations(tag, 'PutImage');
  addExitStatuses(tag, { 6: 'A tag is on another image, and `--if-exists fail` is given.' });
}

function addUntag(image: Command, run: Runner): void {
  const untag = image
    .command('untag')
    .summary('remove tags and keep their images')
    .description(
      'Remove tags and keep their images. The service deletes an image with its last tag, so that needs --keep-as.',
    )
    .argument('<references...>', `${REPOSITORY}, with :TAG`)
    .option('--keep-as <tag>', 'tag to put on an image that loses its last one', parseNonEmpty)
    .option('--yes', 'do not ask')
    .action((references: readonly string[], options: ImageUntagOptions) =>
      run(async (context) => (await import('./untag.ts')).untagImages(context, references, options)),
    );
  addExamples(untag, ['ecrp image untag app:nightly', 'ecrp image untag app:1.0 --keep-as 1.0-old --yes']);
  addOperations(untag, 'DescribeImages', 'BatchDeleteImage');
  addExitStatuses(untag, {
    2: 'It is the last tag of its image, and there is neither a terminal to ask on nor `--yes`.',
    6: 'It is the last tag of its image, and `--keep-as` is not given.',
  });
}

function addDelete(image: Command, run: Runner): void {
  const remove = image
    .command('delete')
    .summary('delete images and tags')
    .description(
      'Delete images and tags. A tag takes its image with it if that has no other. A digest takes the image with all its tags. Children of an index stay.',
    )
    .argument('<references...>', `${REPOSITORY}, with :TAG or @DIGEST`)
    .option('--with-children', 'delete children of an index that nothing else refers to, too')
    .option('--yes', 'do not ask')
    .action((references: readonly string[], options: ImageDeleteOptions) =>
      run(async (context) => (await import('./delete.ts')).deleteNamedImages(context, references, options)),
    );
  addExamples(remove, [
    'ecrp image delete app:1.0',
    'ecrp image delete app:1.0 app:1.1 --with-children --yes',
    'ecrp image delete app@sha256:… --yes --json',
  ]);
  addOperations(remove, 'DescribeImages', 'BatchDeleteImage');
  addExitStatuses(remove, {
    5: 'An image does not exist. The others are deleted.',
    6: 'An index that stays lists an image. The others are deleted.',
  });
}

function addPrune(image: Command, run: Runner): void {
  const prune = image
    .command('prune')
    .summary('delete old or untagged images')
    .description(
      'Delete the images that meet all rules given. Children of an index that stays, and signatures and other referrers of an image that stays, stay too. Manifests are read to know: in ECR Public 10 a second with a login, 1 without. Archived images of private ECR are left alone.',
    )
    .argument('<repo>', REPOSITORY)
    .optionsGroup('Rules (at least one):')
    .option('--untagged', 'images without a tag')
    .option('--older-than <age>', 'images pushed longer ago, such as 12h, 30d or 8w', parseAge)
    .option(
      '--keep <n>',
      'all but the newest N that the patterns let through; children and referrers do not count',
      parseIntegerWithin(0, 1_000_000),
    )
    .optionsGroup('Patterns of tags (* ? [a-z]):')
    .option('--match <glob>', 'images whose every tag matches (repeatable)', collectValues)
    .option('--protect <glob>', 'never images with such a tag (repeatable)', collectValues)
    .optionsGroup('Options:')
    .option('--with-children', 'untagged children of an index that goes, too')
    .option('--allow-empty', 'even if no image is left')
    .option('--dry-run', 'show what would go and why, and delete nothing')
    .option('--yes', 'do not ask')
    .action((repo: string, options: ImagePruneOptions) =>
      run(async (context) => (await import('./prune.ts')).pruneImages(context, repo, options)),
    );
  addExamples(prune, [
    'ecrp image prune app --untagged --dry-run',
    "ecrp image prune app --older-than 30d --match 'pr-*' --with-children",
    "ecrp image prune app --keep 20 --protect 'v*' --protect latest --yes",
  ]);
  addOperations(prune, 'DescribeImages', 'GetAuthorizationToken', 'BatchGetImage', 'BatchDeleteImage');
  addExitStatuses(prune, { 6: 'No image would be left, and `--allow-empty` is not given.' });
}
