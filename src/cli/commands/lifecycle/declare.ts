import type { Command } from 'commander';
import type { Runner } from '../../command-context.ts';
import { addExamples, addExitStatuses, addOperations } from '../../help.ts';
import { parseNonEmpty } from '../../options.ts';
import type { LifecycleSetOptions } from './run.ts';

const REPOSITORY = 'ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPO';
const EXAMPLE = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/app';

/** Declares `ecrp lifecycle`. */
export function addLifecycle(program: Command, run: Runner): void {
  const lifecycle = program
    .command('lifecycle')
    .summary('let private ECR delete old images: lifecycle policies')
    .description(
      'Read and change the lifecycle policy of a repository of private ECR: which images the service deletes or archives by itself. ' +
        "ECR Public has none: 'ecrp image prune' deletes old images there, and works in private ECR too.",
    );
  addExamples(lifecycle, [
    `ecrp lifecycle get ${EXAMPLE}`,
    'ecrp lifecycle set $HOST/app --policy lifecycle.json',
  ]);
  const get = lifecycle
    .command('get')
    .summary("print a repository's lifecycle policy")
    .description("Print a repository's lifecycle policy as JSON.")
    .argument('<repo>', REPOSITORY)
    .action((name: string) => run(async (context) => (await import('./run.ts')).getLifecycle(context, name)));
  addExamples(get, [`ecrp lifecycle get ${EXAMPLE}`, 'ecrp lifecycle get $HOST/app > lifecycle.json']);
  addOperations(get, 'GetLifecyclePolicy');
  addExitStatuses(get, { 5: 'The repository has no lifecycle policy.' });
  const set = lifecycle
    .command('set')
    .summary('replace the lifecycle policy by that of a file')
    .description(
      "Replace a repository's lifecycle policy by that of a file. The file is checked before it is sent. " +
        'Nothing is sent if the repository has a policy of the same meaning. The service applies a new policy within 24 hours.',
    )
    .argument('<repo>', REPOSITORY)
    .requiredOption('--policy <file>', 'the lifecycle policy as JSON; - reads standard input', parseNonEmpty)
    .action((name: string, options: LifecycleSetOptions) =>
      run(async (context) => (await import('./run.ts')).setLifecycle(context, name, options)),
    );
  addExamples(set, [
    'ecrp lifecycle set $HOST/app --policy lifecycle.json',
    'ecrp lifecycle set $HOST/app --policy - < lifecycle.json',
  ]);
  addOperations(set, 'GetLifecyclePolicy', 'PutLifecyclePolicy');
  addExitStatuses(set, { 3: 'The file is not a lifecycle policy, or the service does not accept it.' });
  const remove = lifecycle
    .command('delete')
    .summary('delete the lifecycle policy')
    .description("Delete a repository's lifecycle policy. The service keeps all images then.")
    .argument('<repo>', REPOSITORY)
    .action((name: string) =>
      run(async (context) => (await import('./run.ts')).deleteLifecycle(context, name)),
    );
  addExamples(remove, [`ecrp lifecycle delete ${EXAMPLE}`]);
  addOperations(remove, 'DeleteLifecyclePolicy');
}
