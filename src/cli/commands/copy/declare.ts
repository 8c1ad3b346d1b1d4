import type { Command } from 'commander';
import type { Runner } from '../../command-context.ts';
import { addExamples, addExitStatuses, addOperations } from '../../help.ts';
import { collectValues, parseNonEmpty } from '../../options.ts';
import {
  addNetworkOptions,
  addSelectionOptions,
  addTargetOptions,
  PUSH_OPERATIONS,
} from '../push/declare-options.ts';
import type { CopyOptions } from './request.ts';

/** Declares `ecrp copy`. */
export function addCopy(program: Command, run: Runner): void {
  const copy = program
    .command('copy')
    .summary('copy an image from any registry')
    .description(
      'Copy an image, or every tag of a repository, from any registry to ECR. Only blobs that the target lacks travel, and nothing is written to disk. Manifests stay byte for byte as they are.',
    )
    .argument('<from>', '[HOST/]PATH:TAG or @DIGEST; with --all-tags [HOST/]PATH')
    .argument('<to>', "[HOST/ALIAS/]REPO or PRIVATE_HOST/REPO, with [:TAG][@DIGEST]; without a tag, FROM's")
    .optionsGroup('Source:')
    .option('--all-tags', 'copy every tag of a repository under its own name')
    .option('--match <glob>', 'with --all-tags: tags like this (* ? [a-z], repeatable)', collectValues);
  addSelectionOptions(copy);
  copy
    .option('--from-username <name>', "name for FROM's registry (default: docker's login)", parseNonEmpty)
    .option('--from-password-stdin', 'read the password for it from stdin')
    .option(
      '--from-profile <name>',
      'profile that reads a private ECR registry (default: --profile)',
      parseNonEmpty,
    )
    .option('--from-plain-http', "talk to FROM's registry in plain HTTP")
    .option('--yes', 'do not ask before an image of a private ECR registry becomes public');
  addTargetOptions(copy);
  copy.optionsGroup('Network:');
  addNetworkOptions(copy);
  copy
    .optionsGroup('Output:')
    .option('--digest-file <file>', 'write the digest to this file', parseNonEmpty)
    .action((from: string, to: string, options: CopyOptions) =>
      run(async (context) => (await import('./run.ts')).copy(context, from, to, options)),
    );
  addExamples(copy, [
    'ecrp copy docker.io/library/alpine:3.20 mirror/alpine',
    'ecrp copy ghcr.io/team/app:1.0 team/app:1.0 -t latest --create-repo',
    "ecrp copy quay.io/team/app mirror/app --all-tags --match 'v1.*'",
    'ecrp copy public.ecr.aws/a1b2c3d4/app:1.0 app:1.0 --platform linux/arm64',
    'ecrp copy ghcr.io/team/app:1.0 team/app --dry-run --json',
    'ecrp copy $HOST/app:1.0 team/app --from-profile build',
  ]);
  addOperations(copy, ...PUSH_OPERATIONS, 'CreateRepository');
  addExitStatuses(copy, {
    3: "The source's image is damaged, or the service cannot store it; or the catalog file is missing or invalid.",
    5: 'FROM does not exist; or the repository does not exist, and `--create-repo` is not given.',
    6: 'A tag is on another image, and `--if-exists fail` is given.',
    8: 'A registry is unavailable after all retries, or `--verify` found a difference. Run the command again to resume.',
  });
}
