import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { findInterpreter } from './clients.ts';
import type { Ended } from './process.ts';
import type { Sandbox } from './sandbox.ts';

const script = join(import.meta.dirname, 'aws-driver.py');

/** Runs the aws CLI with options, and with variables in addition to those of the sandbox. */
export type AwsDriver = (options: readonly string[], env: Readonly<Record<string, string>>) => Promise<Ended>;

/**
 * Starts a driver that loads the CLI once: loading takes a second. It ends with the sandbox. Undefined if `program` is not a
 * Python script of the CLI, but a wrapper. Then each call starts the CLI.
 */
export async function startAwsDriver(sandbox: Sandbox, program: string): Promise<AwsDriver | undefined> {
  const interpreter = findInterpreter(program);
  if (interpreter === undefined) return undefined;
  const child = spawn(interpreter, [script, program], {
    env: sandbox.env,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  sandbox.onClose(() => child.kill());
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  if ((await lines.next()).value !== 'ready') return undefined;
  let last: Promise<unknown> = Promise.resolve();
  return (options, env) => {
    const run = async (): Promise<Ended> => {
      const directory = sandbox.makeDirectory('aws');
      const [stdout, stderr] = [join(directory, 'stdout'), join(directory, 'stderr')];
      const request = {
        argv: options,
        env: { ...sandbox.env, ...env },
        cwd: sandbox.directory,
        stdout,
        stderr,
      };
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const { value } = await lines.next();
      if (value === undefined) throw new Error('the driver of the aws CLI has ended');
      const read = (file: string) => readFileSync(file, 'utf8');
      return { status: Number(value), stdout: read(stdout), stderr: read(stderr) };
    };
    // One call after the other, because answers do not name their calls.
    const ended = last.then(run, run);
    last = ended;
    return ended;
  };
}
