import { type Command, Option } from 'commander';
import type { Runner } from '../../command-context.ts';
import { addExamples, addExitStatuses } from '../../help.ts';
import { collectValues, parseIntegerWithin } from '../../options.ts';
import type { PullOptions } from './request.ts';

/** Declares `ecrp pull`. */
export function addPull(program: Command, run: Runner): void {
  const pull = program
    .command('pull')
    .summary('pull an image into a file or directory')
    .description(
      'Pull an image of any registry into an OCI layout, a tar or a docker-archive. Every byte is verified, and an interrupted pull is resumed.',
    )
    .argument('<reference>', '[HOST/]REPO:TAG or REPO@DIGEST')
    .argument('<destination>', 'directory, file that ends in .tar, or `-` for stdout')
    .addOption(
      new Option('--format <format>', 'of a .tar')
        .choices(['oci', 'docker-archive'])
        .default(undefined, 'oci'),
    )
    .option('--platform <os/arch>', 'only this platform of an index (repeatable)', collectValues)
    .option('--concurrency <n>', 'blobs in flight', parseIntegerWithin(1, 64), 4)
    .action((reference: string, destination: string, options: PullOptions) =>
      run(async (context) => (await import('./run.ts')).pull(context, reference, destination, options)),
    );
  addExamples(pull, [
    'ecrp pull public.ecr.aws/docker/library/alpine:3.20 ./alpine',
    'ecrp pull docker.io/alpine:3.20 alpine.tar --platform linux/arm64',
    'ecrp pull ghcr.io/team/app:1.0 app.tar --format docker-archive',
    'ecrp pull team/app:1.0 - | docker load',
  ]);
  addExitStatuses(pull, {
    3: 'The image is damaged, or a docker-archive cannot hold it.',
    5: 'The image does not exist, or is not public.',
    6: 'The directory holds something else than an OCI layout.',
    8: 'The registry is unavailable after all retries. Run the command again to resume.',
  });
}
