import type { Command } from 'commander';
import type { Runner } from '../../command-context.ts';
import { addExamples, addExitStatuses } from '../../help.ts';

const DESCRIPTION = `Check what pushes and pulls need, one thing after another, and say what to do about each problem: \
Node, directories, region, proxies, certificates, credentials, endpoint, clock, token, registry, repository, push permissions, \
docker's config and stored logins; for private ECR, pull permissions too. Ends with the smallest IAM policy that is enough.

Nothing is changed. Two calls that cannot succeed try the permissions of a push: a part for an upload that does not exist, and an \
image with a layer that does not exist. CloudTrail shows both.`;

/** Declares `ecrp doctor`. */
export function addDoctor(program: Command, run: Runner): void {
  const doctor = program
    .command('doctor')
    .summary('find out why something does not work')
    .description(DESCRIPTION)
    .argument('[repo-or-host]', '[HOST/ALIAS/]REPO or HOST/REPO to push to, or a registry host')
    .action((argument: string | undefined) =>
      run(async (context) => (await import('./run.ts')).examine(context, argument)),
    );
  addExitStatuses(doctor, {
    0: 'No check failed. There may be warnings.',
    4: 'The first check that failed is about credentials, permissions or logins; other statuses likewise.',
  });
  addExamples(doctor, [
    'ecrp doctor',
    'ecrp doctor app',
    'ecrp doctor public.ecr.aws/a1b2c3d4/app --profile release',
    'ecrp doctor 123456789012.dkr.ecr.eu-west-1.amazonaws.com/app',
    'ecrp doctor app --json',
  ]);
}
