import { type AwsDriver, startAwsDriver } from './aws-driver.ts';
import { requireAwsCli } from './clients.ts';
import type { Ended } from './process.ts';
import type { Sandbox } from './sandbox.ts';

const drivers = new WeakMap<Sandbox, Promise<AwsDriver | undefined>>();

/** Runs an operation of `aws ecr-public` against the emulator. Both versions of the CLI accept these options. */
export function tryAws(
  sandbox: Sandbox,
  operation: string,
  options: readonly string[],
  env: Record<string, string> = {},
): Promise<Ended> {
  return runAws(sandbox, ['ecr-public', operation, '--endpoint-url', sandbox.emulator.url], options, env);
}

/** Runs an operation of `aws ecr`. The sandbox needs private ECR. */
export function tryAwsEcr(sandbox: Sandbox, operation: string, options: readonly string[]): Promise<Ended> {
  const { privateUrl = '' } = sandbox.emulator;
  return runAws(sandbox, ['ecr', operation, '--endpoint-url', privateUrl], options, {});
}

async function runAws(
  sandbox: Sandbox,
  operation: readonly string[],
  options: readonly string[],
  env: Record<string, string>,
): Promise<Ended> {
  const argv = [...operation, '--region', 'us-east-1', '--output', 'json', ...options];
  const program = requireAwsCli();
  const starting = drivers.get(sandbox) ?? startAwsDriver(sandbox, program);
  drivers.set(sandbox, starting);
  const driver = await starting;
  return driver === undefined ? sandbox.tryRun(program, argv, { env }) : driver(argv, env);
}

/** Runs an operation that must succeed. Otherwise throws the output of the CLI. */
export async function callAws(
  sandbox: Sandbox,
  operation: string,
  ...options: readonly string[]
): Promise<Ended> {
  const ended = await tryAws(sandbox, operation, options);
  if (ended.status !== 0) throw new Error(`aws ecr-public ${operation} failed: ${ended.stderr}`);
  return ended;
}

/** Runs an operation that must fail. Returns the name and the text of the exception, as the CLI prints them. */
export async function refuseAws(
  sandbox: Sandbox,
  operation: string,
  options: readonly string[],
  env: Record<string, string> = {},
): Promise<{ exception: string; text: string }> {
  const ended = await tryAws(sandbox, operation, options, env);
  if (ended.status === 0) throw new Error(`aws ecr-public ${operation} succeeded: ${ended.stdout}`);
  return readRefusal(ended);
}

/** Reads the name and the text of the exception that the CLI prints. */
export function readRefusal({ stderr }: Ended): { exception: string; text: string } {
  const told = /An error occurred \((\w+)\) when calling the \w+ operation[^:]*: (.*)/.exec(stderr);
  return { exception: told?.[1] ?? stderr, text: told?.[2] ?? '' };
}
