import { delimiter, join, sep } from 'node:path';
import { findProgram, findWritableDirectory } from '../../../docker/find-program.ts';
import { OWN_HELPER } from '../../../docker/login.ts';
import { quoteForShell } from '../../../foreign-text.ts';
import type { Io } from '../../../io.ts';
import type { CommandContext } from '../../command-context.ts';
import type { LoginHost } from '../../login-hosts.ts';

const PROGRAM = `docker-credential-${OWN_HELPER}`;

/** Warns if docker will not find our credential helper, and about options for these hosts that the helper cannot know. */
export async function warnAboutHelper(
  { io, messages, options }: CommandContext,
  hosts: readonly LoginHost[],
): Promise<void> {
  const remedy = await suggestHelperInstallation(io);
  if (remedy !== undefined) {
    messages.warn(`${PROGRAM} is not on PATH, so docker will not find it: ${remedy}`);
  }
  // The option is never for both services.
  const isPrivate = hosts.some(({ privateRegistry }) => privateRegistry !== undefined);
  const variable = isPrivate ? 'AWS_ENDPOINT_URL_ECR' : 'AWS_ENDPOINT_URL_ECR_PUBLIC';
  const unknown = [
    [options.profile, `--profile ${options.profile}`, `AWS_PROFILE=${options.profile}`],
    [options.endpointUrl, '--endpoint-url', `${variable}=${options.endpointUrl}`],
    [options.registryHost, '--registry-host', `ECRP_REGISTRY_HOST=${options.registryHost}`],
  ] as const;
  for (const [given, option, setting] of unknown) {
    if (given === undefined) continue;
    messages.warn(`${PROGRAM} does not know ${option}: set ${setting} where docker runs`);
  }
}

/** Says how to put our credential helper on PATH. Undefined if docker will find it. */
export async function suggestHelperInstallation(
  io: Pick<Io, 'env' | 'programDirectory'>,
): Promise<string | undefined> {
  const env = { ...io.env, PATH: findLastingPath(io.env) };
  return (await findProgram(PROGRAM, env)) === undefined ? suggestInstallation(io, env) : undefined;
}

/** Finds PATH without the directories that npm adds while it runs a program: docker will run without them. */
function findLastingPath({ PATH = '', npm_execpath: npm }: Io['env']): string {
  if (!npm) return PATH;
  const added = `node_modules${sep}.bin`;
  return PATH.split(delimiter)
    .filter((directory) => !directory.endsWith(added) && !directory.endsWith('node-gyp-bin'))
    .join(delimiter);
}

/** Says how to put the helper on PATH: by a link to it in a directory that is there, or by npm. */
async function suggestInstallation(
  { programDirectory }: Pick<Io, 'programDirectory'>,
  env: Io['env'],
): Promise<string> {
  // npx removes its directory some day, and Windows has no links that every user may make.
  const isLasting = programDirectory !== undefined && !programDirectory.includes(`${sep}_npx${sep}`);
  if (!isLasting || process.platform === 'win32') return "install ecrp with 'npm install --global'";
  const directory = await findWritableDirectory(env);
  const link = quoteForShell(join(directory ?? '/usr/local/bin', PROGRAM));
  const source = quoteForShell(join(programDirectory, `${PROGRAM}.js`));
  const needsRoot = directory === undefined && process.getuid?.() !== 0;
  return `run: ${needsRoot ? 'sudo ' : ''}ln -s ${source} ${link}`;
}
