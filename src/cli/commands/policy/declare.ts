import type { Command } from 'commander';
import type { Runner } from '../../command-context.ts';
import { addExamples, addExitStatuses, addOperations } from '../../help.ts';
import { collectValues, parseNonEmpty } from '../../options.ts';
import type { PolicyPushOptions, PolicySetOptions, PolicySidOptions } from './run.ts';

const REPOSITORY = '[HOST/ALIAS/]REPO, or HOST/REPO of private ECR';

const CHANGED_BY_OTHERS = {
  6: 'The statement EcrpPush does more than allow pushes, or another client keeps changing the policy.',
};

/** Declares `ecrp policy`. */
export function addPolicy(program: Command, run: Runner): void {
  const policy = program
    .command('policy')
    .summary('say who else may push: repository policies')
    .description(
      'Read and change the policy of a repository: which other AWS accounts, users and roles may do what. ' +
        'Pulls from ECR Public need no policy, because everything is public.',
    );
  addExamples(policy, [
    'ecrp policy grant app --push 123456789012',
    'ecrp policy get app',
    'ecrp policy set app --policy policy.json',
  ]);
  addReading(policy, run);
  addGrants(policy, run);
}

function addReading(policy: Command, run: Runner): void {
  const get = policy
    .command('get')
    .summary("print a repository's policy")
    .description("Print a repository's policy as JSON, or the statement of one Sid.")
    .argument('<repo>', REPOSITORY)
    .option('--sid <sid>', 'the statement with this Sid alone', parseNonEmpty)
    .action((name: string, options: PolicySidOptions) =>
      run(async (context) => (await import('./run.ts')).getPolicy(context, name, options)),
    );
  addExamples(get, ['ecrp policy get app > policy.json', 'ecrp policy get app --sid EcrpPush']);
  addOperations(get, 'GetRepositoryPolicy');
  addExitStatuses(get, { 5: 'The repository has no policy, or no statement with that Sid.' });
  const set = policy
    .command('set')
    .summary('replace the policy by that of a file')
    .description(
      "Replace a repository's policy by that of a file. The file is checked before it is sent. " +
        'Nothing is sent if the repository has a policy of the same meaning.',
    )
    .argument('<repo>', REPOSITORY)
    .requiredOption('--policy <file>', 'the policy as JSON; - reads standard input', parseNonEmpty)
    .option('--force', 'accept a policy that keeps you from setting another one')
    .action((name: string, options: PolicySetOptions) =>
      run(async (context) => (await import('./run.ts')).setPolicy(context, name, options)),
    );
  addExamples(set, [
    'ecrp policy set app --policy policy.json',
    'jq .Statement[0].Sid=\\"Team\\" policy.json | ecrp policy set app --policy -',
  ]);
  addOperations(set, 'GetRepositoryPolicy', 'SetRepositoryPolicy');
  addExitStatuses(set, { 3: 'The file is not a policy, or the service does not accept it.' });
  const remove = policy
    .command('delete')
    .summary('delete the policy, or one statement')
    .description(
      "Delete a repository's policy, or the statement of one Sid. The policy goes with its last statement.",
    )
    .argument('<repo>', REPOSITORY)
    .option('--sid <sid>', 'delete the statement with this Sid alone', parseNonEmpty)
    .action((name: string, options: PolicySidOptions) =>
      run(async (context) => (await import('./run.ts')).deletePolicy(context, name, options)),
    );
  addExamples(remove, ['ecrp policy delete app --sid EcrpPush', 'ecrp policy delete app']);
  addOperations(remove, 'DeleteRepositoryPolicy', 'GetRepositoryPolicy', 'SetRepositoryPolicy');
}

function addGrants(policy: Command, run: Runner): void {
  const grant = policy
    .command('grant')
    .summary('let an account, user or role push')
    .description(
      'Let another AWS account, user or role push to a repository. They join the statement EcrpPush; ' +
        'other statements stay as they are. The other account must allow the actions to its users as well.',
    )
    .argument('<repo>', REPOSITORY)
    .requiredOption('--push <account|arn>', 'who may push (repeatable)', collectValues)
    .action((name: string, options: PolicyPushOptions) =>
      run(async (context) => (await import('./run.ts')).grantPolicy(context, name, options)),
    );
  addExamples(grant, [
    'ecrp policy grant app --push 123456789012',
    'ecrp policy grant app --push arn:aws:iam::123456789012:role/build',
    'ecrp policy grant $HOST/app --push 123456789012',
  ]);
  addOperations(grant, 'GetRepositoryPolicy', 'SetRepositoryPolicy');
  addExitStatuses(grant, CHANGED_BY_OTHERS);
  const revoke = policy
    .command('revoke')
    .summary('take back what grant gave')
    .description(
      'Take the right to push from accounts, users or roles in the statement EcrpPush. ' +
        'The statement goes with its last principal, the policy with its last statement.',
    )
    .argument('<repo>', REPOSITORY)
    .requiredOption('--push <account|arn>', 'who may no longer push (repeatable)', collectValues)
    .action((name: string, options: PolicyPushOptions) =>
      run(async (context) => (await import('./run.ts')).revokePolicy(context, name, options)),
    );
  addExamples(revoke, ['ecrp policy revoke app --push 123456789012']);
  addOperations(revoke, 'GetRepositoryPolicy', 'SetRepositoryPolicy', 'DeleteRepositoryPolicy');
  addExitStatuses(revoke, CHANGED_BY_OTHERS);
}
