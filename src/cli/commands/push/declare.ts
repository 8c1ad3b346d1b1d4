import type { Command } from 'commander';
import type { Runner } from '../../command-context.ts';
import { addExamples, addExitStatuses, addOperations } from '../../help.ts';
import { collectValues, parseNonEmpty } from '../../options.ts';
import {
  addSelectionOptions,
  addTargetOptions,
  addTravelOptions,
  PUSH_OPERATIONS,
} from './declare-options.ts';
import type { PushOptions } from './request.ts';

/** Declares `ecrp push`. */
export function addPush(program: Command, run: Runner): void {
  const push = program
    .command('push')
    .summary('push an image to a repository')
    .description('Push an image, a Helm chart or plain files to a repository.')
    .argument('<source>', 'archive, OCI layout, chart, docker:NAME, `-` (stdin)')
    .argument('[reference]', "[HOST/[ALIAS/]]REPO[:TAG][@DIGEST]; or SOURCE's names")
    .argument('[files...]', 'with --artifact-type: FILE[:TYPE], after REFERENCE')
    .usage(
      '[options] <source> [reference]\n       ecrp push [options] <reference> <file[:type]>... --artifact-type <type>',
    )
    .optionsGroup('Source:')
    .option('--image <name>', 'which of several images: name, digest or ID', parseNonEmpty)
    .option('--all', 'push each image of the archive under its own tags');
  addSelectionOptions(push);
  push
    .option('--foreign-layers', 'upload Windows base layers that are in the source')
    .option('--artifact-type <type>', 'push plain files as one artifact of this type', parseNonEmpty)
    .option('--subject <reference>', 'with --artifact-type: the image that it is about', parseNonEmpty)
    .option('--annotation <k=v>', 'with --artifact-type: an annotation (repeatable)', collectValues);
  addTargetOptions(push);
  addTravelOptions(push);
  push
    .optionsGroup('Output:')
    .option('--digest-file <file>', 'write the digest to this file', parseNonEmpty)
    .action((first: string, second: string | undefined, others: readonly string[], options: PushOptions) =>
      run(async (context) => {
        const { artifactType } = options;
        if (artifactType === undefined) {
          return (await import('./run.ts')).push(context, first, second, others, options);
        }
        const files = second === undefined ? [] : [second, ...others];
        const { pushArtifact } = await import('./push-artifact.ts');
        return pushArtifact(context, first, files, artifactType, options);
      }),
    );
  addExamples(push, [
    'docker save app:1.0 | ecrp push - app:1.0',
    'ecrp push docker:app:1.0 team/app:1.0 -t 1 -t latest --create-repo',
    'ecrp push mychart-0.1.0.tgz charts/mychart',
    'ecrp push app:sbom sbom.json --artifact-type application/spdx+json',
    'ecrp push ./oci 123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1.0 --json',
  ]);
  addOperations(push, ...PUSH_OPERATIONS, 'CreateRepository');
  addExitStatuses(push, {
    3: 'The source or the catalog file is missing or invalid.',
    5: 'The repository does not exist, and `--create-repo` is not given.',
    6: 'A tag is on another image, and `--if-exists fail` is given or the repository keeps its tags immutable.',
    8: 'The service is unavailable after all retries, or `--verify` found a difference. Run the command again to resume.',
  });
}
