import type { Argument, Option } from 'commander';

/** What a value names, for its completion. `text`: anything; nothing is suggested. */
export type ValueKind =
  | 'architecture'
  | 'catalog-field'
  | 'file'
  | 'login-host'
  | 'operating-system'
  | 'platform'
  | 'profile'
  | 'reference'
  | 'registry-host'
  | 'repository'
  | 'tag'
  | 'text';

/** By the long name of an option, where its value name says too little. */
const OPTIONS: Readonly<Record<string, ValueKind>> = {
  '--architecture': 'architecture',
  '--clear': 'catalog-field',
  '--from-profile': 'profile',
  '--keep-as': 'text',
  '--os': 'operating-system',
  '--profile': 'profile',
  '--registry-host': 'registry-host',
};

/** By the name of an argument, or of an option's value: `file` of `--catalog <file>`. */
const NAMES: Readonly<Record<string, ValueKind>> = {
  command: 'file',
  destination: 'file',
  directory: 'file',
  file: 'file',
  files: 'file',
  host: 'login-host',
  images: 'platform',
  name: 'repository',
  'os/arch': 'platform',
  path: 'file',
  reference: 'reference',
  references: 'reference',
  repo: 'repository',
  'repo-or-host': 'repository',
  source: 'file',
  sources: 'file',
  tag: 'tag',
  tags: 'tag',
  to: 'reference',
};

/** Value names that mean something else in an option than in an argument. */
const OPTION_NAMES: Readonly<Record<string, ValueKind>> = { host: 'text', name: 'text' };

/** Names of values for which nothing can be suggested. */
const TEXT_NAMES: readonly string[] = [
  'account|arn',
  'address',
  'age',
  'alias',
  'arn',
  'from',
  'glob',
  'id',
  'k=v',
  'key',
  'key=value',
  'mib',
  'n',
  'port',
  'region',
  'rule',
  'seconds',
  'sid',
  'text',
  'time',
  'type',
  'url',
];

/** Finds what the value of an option names. Undefined: its name is in no table. */
export function findOptionKind({ long, flags }: Option): ValueKind | undefined {
  const name = /<([^>]+)>/.exec(flags)?.[1]?.replace(/\.\.\.$/, '') ?? '';
  return OPTIONS[long ?? ''] ?? OPTION_NAMES[name] ?? findByName(name);
}

/** Finds what an argument names. Undefined: its name is in no table. */
export function findArgumentKind(argument: Argument): ValueKind | undefined {
  return findByName(argument.name());
}

function findByName(name: string): ValueKind | undefined {
  return NAMES[name] ?? (TEXT_NAMES.includes(name) ? 'text' : undefined);
}
