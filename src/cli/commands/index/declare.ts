import { type Command, Option } from 'commander';
import type { Runner } from '../../command-context.ts';
import { addExamples, addExitStatuses, addOperations } from '../../help.ts';
import { collectValues, parseNonEmpty } from '../../options.ts';
import {
  addCheckOptions,
  addTargetOptions,
  addTravelOptions,
  PUSH_OPERATIONS,
} from '../push/declare-options.ts';
import type { IndexAddOptions } from './add.ts';
import type { IndexCreateOptions } from './create.ts';
import type { IndexRemoveOptions } from './remove.ts';

const CHANGED_INDEX = '[HOST/ALIAS/]REPO:TAG[@DIGEST] of the index; with the digest it must be on that';

const SOURCES =
  'archive, directory, `-`, docker:NAME, or a reference in any registry; =OS/ARCH[/VARIANT] after it chooses or states the platform';

/** Declares `ecrp index`. */
export function addIndex(program: Command, run: Runner): void {
  const index = program
    .command('index')
    .summary('create and change multi-platform indexes')
    .description('Create and change indexes: one tag for the images of several platforms.');
  addExamples(index, [
    'ecrp index create app:1.0 amd64.tar arm64.tar',
    'ecrp index add app:1.0 riscv64.tar',
    'ecrp index remove app:1.0 linux/riscv64',
  ]);
  addCreate(index, run);
  addAdd(index, run);
  addRemove(index, run);
}

function addCreate(index: Command, run: Runner): void {
  const create = index
    .command('create')
    .summary('make one index of archives and images')
    .description(
      'Make one index of archives and of images in this repository, another one, or another registry. The images go up first, then the index with its tags. Blobs that images share go up once. The platforms come from their configs.',
    )
    .argument('<reference>', '[HOST/ALIAS/]REPO:TAG of the index')
    .argument('<sources...>', SOURCES);
  addMemberOptions(create);
  addTargetOptions(create);
  addTravelOptions(create);
  addOutputOptions(create).action(
    (reference: string, sources: readonly string[], options: IndexCreateOptions) =>
      run(async (context) => (await import('./create.ts')).createIndex(context, reference, sources, options)),
  );
  addExamples(create, [
    'ecrp index create app:1.0 amd64.tar arm64.tar -t latest',
    'ecrp index create app:1.0 app:1.0-amd64 app:1.0-arm64',
    'ecrp index create app:1.0 ghcr.io/team/app:1.0-amd64 arm64.tar',
    'ecrp index create app:1.0 amd64.tar app:arm64=linux/arm64/v8 --create-repo',
    'docker save app:amd64 app:arm64 | ecrp index create app:1.0 - --all',
    'ecrp index create app:1.0 amd64.tar arm64.tar --annotation org.example.key=1',
  ]);
  addOperations(create, ...PUSH_OPERATIONS, 'CreateRepository');
  addExitStatuses(create, {
    2: 'Two images are for the same platform, or a reference has no tag.',
    3: 'A source or the catalog file is missing or invalid, or does not state its platform.',
    5: 'The repository or a reference does not exist.',
    6: 'A tag is on another image, and `--if-exists fail` is given.',
    8: 'The service is unavailable after all retries, or `--verify` found a difference. Run the command again to resume.',
  });
}

function addAdd(index: Command, run: Runner): void {
  const add = index
    .command('add')
    .summary('add images to an index')
    .description(
      'Make a new index of the one that is there, with further images, and move the tag. An image of the same platform is replaced, and its attestations go with it.',
    )
    .argument('<reference>', CHANGED_INDEX)
    .argument('<sources...>', SOURCES);
  addMemberOptions(add);
  add
    .optionsGroup('Target:')
    .option('-t, --tag <tag>', 'further tag or reference (repeatable)', collectValues);
  addCheckOptions(add);
  addTravelOptions(add);
  addOutputOptions(add).action((reference: string, sources: readonly string[], options: IndexAddOptions) =>
    run(async (context) => (await import('./add.ts')).addToIndex(context, reference, sources, options)),
  );
  addExamples(add, [
    'ecrp index add app:1.0 riscv64.tar',
    'ecrp index add app:1.0 app:1.0-arm64 -t latest',
    'ecrp index add app:1.0 arm.tar=linux/arm/v6 --dry-run',
  ]);
  addOperations(add, ...PUSH_OPERATIONS);
  addExitStatuses(add, {
    3: 'A source is missing or invalid, or the reference is a single image.',
    5: 'The index or a reference does not exist.',
    6: 'The tag is not on the given digest, or other clients keep moving it.',
  });
}

function addRemove(index: Command, run: Runner): void {
  const remove = index
    .command('remove')
    .summary('remove images from an index')
    .description(
      'Make a new index of the one that is there, without some images and their attestations, and move the tag. The images stay in the repository. A platform without a variant means all variants.',
    )
    .argument('<reference>', CHANGED_INDEX)
    .argument('<images...>', 'OS/ARCH[/VARIANT] or DIGEST')
    .option('-t, --tag <tag>', 'further tag or reference (repeatable)', collectValues);
  addCheckOptions(remove);
  addOutputOptions(remove).action(
    (reference: string, images: readonly string[], options: IndexRemoveOptions) =>
      run(async (context) =>
        (await import('./remove.ts')).removeFromIndex(context, reference, images, options),
      ),
  );
  addExamples(remove, ['ecrp index remove app:1.0 linux/riscv64', 'ecrp index remove app:1.0 sha256:…']);
  addOperations(remove, 'PutImage');
  addExitStatuses(remove, {
    3: 'The reference is a single image.',
    6: 'No image would be left, the tag is not on the given digest, or other clients keep moving it.',
  });
}

/** Declares which images go into an index. */
function addMemberOptions(command: Command): void {
  command
    .optionsGroup('Index:')
    .option('--image <name>', 'which image of sources that hold several: name, digest or ID', parseNonEmpty)
    .option('--all', 'each image of sources that hold several')
    .addOption(
      new Option('--attestations <what>', 'attestations of the images')
        .choices(['keep', 'drop'])
        .default('keep'),
    )
    .addOption(
      new Option('--referrers <what>', 'signatures, SBOMs and other referrers in the same layout')
        .choices(['keep', 'drop'])
        .default('keep'),
    )
    .option('--annotation <k=v>', 'annotation of the index (repeatable)', collectValues);
}

function addOutputOptions(command: Command): Command {
  return command
    .optionsGroup('Output:')
    .option('--digest-file <file>', 'write the digest to this file', parseNonEmpty);
}
