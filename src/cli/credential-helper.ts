import { type HelperAnswer, runCredentialHelper } from '../docker/run-credential-helper.ts';
import { escapeLines } from '../foreign-text.ts';
import type { Io } from '../io.ts';
import { createContext } from './command-context.ts';
import { withEcr } from './ecr-session.ts';
import { toEcrpError } from './explain-thrown.ts';
import { printText } from './output.ts';
import { readVersion } from './read-version.ts';
import { findRegistryHost, requireRegistryHost } from './registry-host.ts';

/** Far more than any login; a helper reads what its caller writes. */
const MAX_INPUT_CHARS = 1_000_000;
/** The user name of every token of ECR. */
const USERNAME = 'AWS';

/** Runs `docker-credential-ecrp VERB` and resolves to its exit status; never rejects. Everything is set by the environment. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  const { stdout, stderr, exitStatus } = await answer(argv, io);
  try {
    await printText(io.stderr, escapeLines(stderr.split('\n')));
    // JSON has its own escapes, which this leaves as they are.
    await printText(io.stdout, escapeLines(stdout.split('\n')));
  } catch {
    return 1;
  }
  return exitStatus;
}

async function answer(argv: readonly string[], io: Io): Promise<HelperAnswer> {
  const [verb] = argv;
  const style = { json: false, verbose: false, jsonLines: false, color: false };
  const context = createContext(io, style, { progress: 'none', color: false, quiet: true });
  try {
    const takesInput = verb === 'get' || verb === 'store' || verb === 'erase';
    return await runCredentialHelper(verb, takesInput ? await readInput(io) : '', {
      name: 'docker-credential-ecrp',
      version: readVersion(),
      registryHost: findRegistryHost(context),
      username: USERNAME,
      async getLogin() {
        await requireRegistryHost(context, 'docker-credential-ecrp');
        const { getAuthorizationToken } = await import('../ecr/authorization.ts');
        const { username, password } = await withEcr(context, ({ client }) =>
          getAuthorizationToken(client, io.signal),
        );
        return { username, secret: password };
      },
    });
  } catch (error) {
    return { stdout: `${toEcrpError(error, io.signal).message}\n`, stderr: '', exitStatus: 1 };
  }
}

async function readInput(io: Io): Promise<string> {
  let text = '';
  for await (const chunk of io.stdin) {
    text += String(chunk);
    if (text.length > MAX_INPUT_CHARS) break;
  }
  return text;
}
