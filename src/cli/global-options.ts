import { type Command, Option } from 'commander';
import {
  parseDuration,
  parseEndpointUrl,
  parseNonEmpty,
  parseRegion,
  parseRegistryHost,
} from './option-values.ts';

const progressModes = ['auto', 'plain', 'json', 'none'] as const;

/** Options that every command takes, before or after its name. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly progress: (typeof progressModes)[number];
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  /** False with `--no-color`; the terminal and the environment have a say too. */
  readonly color: boolean;
  readonly endpointUrl?: string;
  readonly region?: string;
  readonly profile?: string;
  readonly registryHost?: string;
  /** In ms. */
  readonly retryBudget?: number;
}

/** A wait of the program's own, in ms: `--retry-budget` shortens it, and never makes it longer. */
export function limitWait({ retryBudget }: Pick<GlobalOptions, 'retryBudget'>, ownMs: number): number {
  return Math.min(ownMs, retryBudget ?? ownMs);
}

export function addGlobalOptions(program: Command): Command {
  return program
    .optionsGroup('Network:')
    .addOption(new Option('--endpoint-url <url>', 'API endpoint to use').argParser(parseEndpointUrl))
    .addOption(
      new Option('--region <region>', "AWS region (default us-east-1, not the profile's)").argParser(
        parseRegion,
      ),
    )
    .addOption(new Option('--profile <name>', 'profile of the AWS configuration').argParser(parseNonEmpty))
    .addOption(
      new Option('--registry-host <host>', 'host of the registry (default public.ecr.aws)').argParser(
        parseRegistryHost,
      ),
    )
    .addOption(
      new Option('--retry-budget <time>', 'retry so long without progress (default 1m, push 5m)').argParser(
        parseDuration,
      ),
    )
    .optionsGroup('Output:')
    .addOption(new Option('--json', 'print one JSON document on standard output'))
    .addOption(new Option('--progress <mode>', 'on stderr').choices(progressModes).default('auto'))
    .addOption(new Option('-q, --quiet', 'print the result and errors only').conflicts('verbose'))
    .addOption(new Option('-v, --verbose', 'print a line per API call'))
    .addOption(new Option('--no-color', 'no colours (so does NO_COLOR)'));
}
