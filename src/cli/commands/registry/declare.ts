import type { Command } from 'commander';
import type { Runner } from '../../command-context.ts';
import { addExamples, addOperations } from '../../help.ts';
import type { RegistrySetOptions } from './run.ts';

/** Declares `ecrp registry`. */
export function addRegistry(program: Command, run: Runner): void {
  const registry = program
    .command('registry')
    .summary('describe your registry and set its display name')
    .description('Describe your registry with its aliases and quotas, and set its display name.');
  addExamples(registry, ['ecrp registry describe', "ecrp registry set --display-name 'Example Inc.'"]);
  const describe = registry
    .command('describe')
    .summary('show aliases, display name and quotas')
    .description(
      'Describe your registry: its aliases with their status, its display name, and the default quotas of ECR Public.',
    )
    .argument('[host...]', 'name of the registry (default: the registry host)')
    .action((hosts: readonly string[]) =>
      run(async (context) => (await import('./run.ts')).describeOwnRegistry(context, hosts)),
    );
  addExamples(describe, [
    'ecrp registry describe',
    'ecrp registry describe --json | jq -r .registries[0].registryUri',
  ]);
  addOperations(describe, 'DescribeRegistries', 'GetRegistryCatalogData');
  const set = registry
    .command('set')
    .summary('set the display name')
    .description('Set the display name of your registry. The Gallery shows it for verified accounts only.')
    .requiredOption('--display-name <name>', "at most 100 characters; '' removes the name")
    .action((options: RegistrySetOptions) =>
      run(async (context) => (await import('./run.ts')).setRegistry(context, options)),
    );
  addExamples(set, ["ecrp registry set --display-name 'Example Inc.'"]);
  addOperations(set, 'GetRegistryCatalogData', 'PutRegistryCatalogData');
}
