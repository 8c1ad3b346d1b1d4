import { type Command, InvalidArgumentError, Option } from 'commander';
import { checkEndpointUrl } from '../ecr/endpoint-url.ts';
import { EcrpError } from '../errors.ts';

const progressModes = ['auto', 'plain', 'json', 'none'] as const;

/** Options of every command; they may stand before or after its name. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly progress: (typeof progressModes)[number];
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  /** False with `--no-color`. The terminal and the environment decide as well. */
  readonly color: boolean;
  readonly endpointUrl?: string;
  readonly region?: string;
  readonly profile?: string;
  readonly registryHost?: string;
  /** In milliseconds. */
  readonly retryBudget?: number;
}

/** Shortens one of our own time limits, in milliseconds, to `--retry-budget`. Never extends it. */
export function limitWait({ retryBudget }: Pick<GlobalOptions, 'retryBudget'>, ownMs: number): number {
  return Math.min(ownMs, retryBudget ?? ownMs);
}

export function addGlobalOptions(program: Command): Command {
  return program
    .optionsGroup('Network:')
    .addOption(
      new Option('--endpoint-url <url>', 'API endpoint (default: that of AWS)').argParser(parseEndpointUrl),
    )
    .addOption(
      new Option('--region <region>', "AWS region (default us-east-1, not the profile's)").argParser(
        parseRegion,
      ),
    )
    .addOption(
      new Option('--profile <name>', 'AWS profile to use (default: AWS_PROFILE)').argParser(parseNonEmpty),
    )
    .addOption(
      new Option('--registry-host <host>', 'host of the registry (default public.ecr.aws)').argParser(
        parseRegistryHost,
      ),
    )
    .addOption(
      new Option(
        '--retry-budget <time>',
        'time to retry without progress (default 1m; push, copy, pull 5m)',
      ).argParser(parseDuration),
    )
    .optionsGroup('Output:')
    .addOption(new Option('--json', 'print the result as one JSON document'))
    .addOption(new Option('--progress <mode>', 'progress on stderr').choices(progressModes).default('auto'))
    .addOption(new Option('-q, --quiet', 'print the result and errors only').conflicts('verbose'))
    .addOption(new Option('-v, --verbose', 'print the source of the credentials and each API call'))
    .addOption(new Option('--no-color', 'no colours (so does NO_COLOR)'));
}

const MOST_DURATION_MS = 7 * 24 * 3_600_000;

/** Makes a parser of whole numbers in [least, most]. */
export function parseIntegerWithin(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= least && value <= most)) {
      throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}

const durationUnits = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;

/** Parses `30` (seconds), `200ms`, `90s`, `5m` or `1h30m` to milliseconds. */
export function parseDuration(text: string): number {
  const withUnit = /^\d+$/.test(text) ? `${text}s` : text;
  const [, ...amounts] = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/.exec(withUnit) ?? [];
  const value = Object.values(durationUnits).reduce(
    (sum, unitMs, position) => sum + unitMs * Number(amounts[position] ?? 0),
    0,
  );
  if (!(value > 0 && value <= MOST_DURATION_MS)) {
    throw new InvalidArgumentError(
      'It must be a duration such as 30 (seconds), 200ms, 90s, 5m or 1h30m, a week at most.',
    );
  }
  return value;
}

const ageUnits: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** An age, as given and in milliseconds. */
export interface Age {
  readonly text: string;
  readonly ms: number;
}

/** Parses `12h`, `30d` or `8w`. The unit is needed: a number alone could mean any. */
export function parseAge(text: string): Age {
  const [, amount = '', unit = ''] = /^(\d{1,6})([hdw])$/.exec(text) ?? [];
  const ms = Number(amount) * (ageUnits[unit] ?? 0);
  if (ms > 0) return { text, ms };
  throw new InvalidArgumentError('It must be a number with a unit: 12h, 30d or 8w.');
}

/** Appends one value of a repeatable option. */
export function collectValues(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

export function parseNonEmpty(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It must not be empty.');
  return text;
}

/** Parses the ARN, the ID or the alias of a KMS key. Source: `KmsKey` of the service model of private ECR. */
export function parseKmsKey(text: string): string {
  if (/^\S{1,2048}$/.test(text)) return text;
  throw new InvalidArgumentError('It must be the ARN, the ID or the alias of a KMS key.');
}

/** Throws our own USAGE error: commander's would repeat a URL with a password. */
function parseEndpointUrl(text: string): string {
  return checkEndpointUrl(text, '--endpoint-url');
}

/** A region is a label of a host name. */
function parseRegion(text: string): string {
  if (!/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i.test(text)) {
    throw new InvalidArgumentError('It must be a region such as us-east-1, without spaces.');
  }
  return text;
}

const hostPattern = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

function parseRegistryHost(text: string): string {
  return checkRegistryHost(text, '--registry-host');
}

/** Returns `HOST` or `HOST:PORT` unchanged. Throws USAGE, naming `origin`, for anything else. */
export function checkRegistryHost(text: string, origin: string): string {
  if (hostPattern.test(text)) return text;
  throw new EcrpError('USAGE', `${origin}: ${quoteAddress(text)} is not a host`, {
    hint: 'Give HOST or HOST:PORT, without a scheme or a path.',
  });
}

/** Quotes an address for a message, unless it may contain a password. */
export function quoteAddress(text: string): string {
  return text.includes('@') ? 'the value' : `'${text}'`;
}
