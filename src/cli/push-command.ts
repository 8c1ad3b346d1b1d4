import { type Command, Option } from 'commander';
import { addExamples, type Runner } from './declare-command.ts';
import { collectValues, parseDuration, parseIntegerWithin, parseNonEmpty } from './option-values.ts';
import type { PushOptions } from './push/push-options.ts';

/** Declares `ecrp push`. */
export function addPush(program: Command, run: Runner): void {
  const push = program
    .command('push')
    .summary('push an image archive to a repository')
    .description(
      'Push an image archive: a docker-archive or an OCI image layout, as a directory or a tar, compressed or not.',
    )
    .argument('<source>', 'the archive, recognised by its content; `-` is a tar on standard input')
    .argument(
      '[reference]',
      'REPOSITORY[:TAG] or HOST/ALIAS/REPOSITORY[:TAG]; without it, the names in the archive',
    )
    .option(
      '-t, --tag <tag>',
      'further tag, or full reference of the same repository; several on lines of their own (repeatable)',
      collectValues,
    )
    .option('--by-digest', 'push without a tag')
    .option('--image <name>', 'which image, when the archive has several', parseNonEmpty)
    .option('--all', 'each image of the archive, under the tags of its own names')
    .option(
      '--platform <os/arch[/variant]>',
      'only the images of an index for this platform, in an index of their own (repeatable)',
      collectValues,
    )
    .addOption(
      new Option('--attestations <what>', 'attestation manifests of an index')
        .choices(['keep', 'drop'])
        .default('keep'),
    )
    .addOption(
      new Option(
        '--if-exists <what>',
        'when a tag is on another image: move it, leave it, or end with status 6',
      )
        .choices(['overwrite', 'skip', 'fail'])
        .default('overwrite'),
    )
    .option('--create-repo', 'create the repository when it is missing')
    .option('--catalog <file>', 'catalog data of a repository that is created', parseNonEmpty)
    .option(
      '--resource-tag <key=value>',
      'resource tag of a repository that is created (repeatable)',
      collectValues,
    )
    .addOption(
      new Option(
        '--format <format>',
        'manifest made for a docker-archive (default: docker, oci with zstd layers)',
      ).choices(['docker', 'oci']),
    )
    .addOption(
      new Option('--compression <kind>', 'for layers that are uncompressed in the archive')
        .choices(['gzip', 'zstd', 'none'])
        .default('gzip'),
    )
    .option(
      '--compression-level <n>',
      'for gzip zlib 1 to 9 (default: a deflate of our own, quicker than 4 and about as small), for zstd 1 to 19 (default: 3)',
      parseIntegerWithin(1, 19),
    )
    .option(
      '--cache-from <tag>',
      'look for layers in this image of the repository too (repeatable)',
      collectValues,
    )
    .option('--no-remote-cache', 'do not look for layers in the images that are under the tags now')
    .option('--concurrency <n>', 'layers in flight', parseIntegerWithin(1, 64), 4)
    .option('--part-size <mib>', 'largest part, in MiB', parseIntegerWithin(5, 20))
    .option('--no-resume', 'neither go on with interrupted uploads nor keep them')
    .option(
      '--retry-budget <duration>',
      'how long to retry without progress, as 90s, 5m or 1h30m (default: 5m)',
      parseDuration,
    )
    .option('--verify', 'afterwards read the image back through the registry, and compare')
    .option('--dry-run', 'read and check everything, send nothing')
    .option('--digest-file <file>', 'write the digest there', parseNonEmpty)
    .action((source: string, reference: string | undefined, options: PushOptions) =>
      run(async (context) => (await import('./commands/push.ts')).push(context, source, reference, options)),
    );
  addExamples(push, [
    'docker save app:1.0 -o app.tar && ecrp push app.tar app:1.0',
    'docker save app:1.0 | ecrp push - app:1.0',
    'ecrp push app.tar team/app:1.0 -t 1 -t latest',
    'ecrp push ./layout public.ecr.aws/a1b2c3d4/app:1.0 --create-repo',
    'ecrp push app.tar app:1.0 --if-exists fail',
    'ecrp push ./layout app:1.0 --platform linux/amd64 --platform linux/arm64',
    'ecrp push many.tar team/app --all',
    'ecrp push app.tar app:1.0 --dry-run --json',
  ]);
}
