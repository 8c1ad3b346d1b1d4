import { spawn } from 'node:child_process';

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string;
}

/** A program that takes longer hangs. */
const TIMEOUT_MS = 280_000;

/** Runs a program to its end and accepts any exit status. It gets no variable of this process. */
export function runProgram(
  program: string,
  programArguments: readonly string[],
  options: RunOptions,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, programArguments, {
      env: { ...options.env },
      cwd: options.cwd,
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout, stderr }));
    // A program may end without reading its input. The exit status counts.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}

/** Runs a program that must succeed. Otherwise throws its whole output. */
export async function runToSuccess(
  program: string,
  programArguments: readonly string[],
  options: RunOptions,
): Promise<Ended> {
  const ended = await runProgram(program, programArguments, options);
  if (ended.status !== 0) {
    const command = [program, ...programArguments].join(' ');
    throw new Error(`${command}\nended with status ${ended.status}\n${ended.stdout}${ended.stderr}`);
  }
  return ended;
}
