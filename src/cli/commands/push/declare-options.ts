import { type Command, Option } from 'commander';
import { collectValues, parseIntegerWithin, parseKmsKey, parseNonEmpty } from '../../options.ts';

/** The operations of every push. */
export const PUSH_OPERATIONS = [
  'BatchCheckLayerAvailability',
  'InitiateLayerUpload',
  'UploadLayerPart',
  'CompleteLayerUpload',
  'PutImage',
] as const;

/** Declares what of an image goes. */
export function addSelectionOptions(command: Command): void {
  command
    .option('--platform <os/arch>', 'only this platform of an index (repeatable)', collectValues)
    .addOption(
      new Option('--attestations <what>', 'attestations of an index')
        .choices(['keep', 'drop'])
        .default('keep'),
    )
    .addOption(
      new Option('--referrers <what>', 'signatures, SBOMs and the like')
        .choices(['keep', 'drop'])
        .default('keep'),
    );
}

/** Declares where the images of a push go. */
export function addTargetOptions(command: Command): void {
  command
    .optionsGroup('Target:')
    .option('-t, --tag <tag>', 'further tag or reference (repeatable)', collectValues)
    .option('--by-digest', 'push without a tag')
    .addOption(
      new Option('--if-exists <what>', 'tag on another image')
        .choices(['overwrite', 'skip', 'fail'])
        .default('overwrite'),
    )
    .option('--create-repo', 'create the repository if it is missing')
    .option('--catalog <file>', 'with --create-repo: its catalog data, JSON or YAML', parseNonEmpty)
    .option('--resource-tag <k=v>', 'with --create-repo: a resource tag (repeatable)', collectValues)
    .option('--immutable-tags', 'with --create-repo, private: its tags do not move')
    .option('--scan-on-push', 'with --create-repo, private: scan images')
    .option('--kms-key <arn>', 'with --create-repo, private: encrypt with this key', parseKmsKey);
  addCheckOptions(command);
}

/** Declares how a push is checked. */
export function addCheckOptions(command: Command): void {
  command
    .option('--verify', 'read the image back afterwards and compare')
    .option('--dry-run', 'read and check everything, but send nothing');
}

/** Declares how layers are compressed and travel. */
export function addTravelOptions(command: Command): void {
  command
    .optionsGroup('Compression (of layers that are uncompressed):')
    .addOption(new Option('--compression <kind>').choices(['gzip', 'zstd', 'none']).default('gzip'))
    .option('--compression-level <n>', '1 to 9 for gzip, 1 to 19 for zstd', parseIntegerWithin(1, 19))
    .addOption(
      new Option('--format <format>', 'manifest')
        .choices(['docker', 'oci'])
        .default(undefined, 'docker, with zstd oci'),
    )
    .option('--cache-from <tag>', 'look for layers in this image too (repeatable)', collectValues)
    .option('--no-remote-cache', 'do not look for layers in the images at the tags')
    .optionsGroup('Network:');
  addNetworkOptions(command)
    .option(
      '--part-size <mib>',
      "largest part, 5 to 20 MiB (default: the service's)",
      parseIntegerWithin(5, 20),
    )
    .option('--no-resume', 'do not resume interrupted uploads; save none');
}

/** Declares how layers travel. Returns the command. */
export function addNetworkOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--transport <way>', 'layers in parts, or raw').choices(['api', 'registry']).default('api'),
    )
    .option('--concurrency <n>', 'layers in flight', parseIntegerWithin(1, 64), 4);
}
