import { type AwsDriver, startAwsDriver } from './aws-driver.ts';
import { requireAwsCli } from './clients.ts';
import type { Ended } from './process.ts';
import type { Sandbox } from './sandbox.ts';

const drivers = new WeakMap<Sandbox, Promise<AwsDriver | undefined>>();

/** Runs an operation of `aws ecr-public` against the emulator. Both versions of the CLI accept these options. */
export async function tryAws(
  sandbox: Sandbox,
  operation: string,
  options: readonly string[],
  env: Record<string, string> = {},
): Promise<Ended> {
  const where = ['--endpoint-url', sandbox.emulator.url, '--region', 'us-east-1', '--output', 'json'];
  const argv = ['ecr-public', operation, ...where, ...options];
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
  const told = /An error occurred \((\w+)\) when calling the \w+ operation[^:]*: (.*)/.exec(ended.stderr);
  return { exception: told?.[1] ?? ended.stderr, text: told?.[2] ?? '' };
}
