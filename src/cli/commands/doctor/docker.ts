import {
  type ConfigFile,
  findOpenMode,
  parseDockerConfig,
  readConfigFile,
} from '../../../docker/config-file.ts';
import { findProgram } from '../../../docker/find-program.ts';
import { reduceToHost } from '../../../docker/helper-protocol.ts';
import {
  AWS_HELPER,
  type FoundLogin,
  findLogin,
  isLoginInEnvironment,
  type LoginPlace,
  listLoginKeys,
  nameHelper,
  OWN_HELPER,
} from '../../../docker/login.ts';
import { EcrpError } from '../../../errors.ts';
import { listNames, quoteForShell } from '../../../foreign-text.ts';
import type { Io } from '../../../io.ts';
import type { Connections } from '../../../net/connections.ts';
import { parsePrivateHost } from '../../../oci/private-host.ts';
import { isLoginAccepted } from '../../../registry/check-login.ts';
import type { Waiting } from '../../progress/waiting.ts';
import { suggestHelperInstallation } from '../login/warn-about-helper.ts';
import { type Finding, fail, pass, warn } from './check.ts';

// Docker's side: its config file, the helpers that it names, and logins that have expired.

/** Looks at docker's config, for the registries. Throws INVALID_INPUT when docker cannot read it. */
export async function checkDockerConfig(
  configDirectory: string,
  registryHosts: readonly string[],
  io: Pick<Io, 'env' | 'programDirectory'>,
): Promise<Finding> {
  const file = await readConfigFile(configDirectory);
  if (file.text === '{}') return pass(`${file.path} is absent or empty: docker has no login`);
  for (const registryHost of registryHosts) {
    const helper = nameHelper(file, registryHost);
    if (helper === undefined) continue;
    const hint = await adviseOnProgram(helper, file.path, io);
    if (hint === undefined) continue;
    const problem = `${file.path} names docker-credential-${helper} for ${registryHost}, which is not on PATH`;
    return fail(new EcrpError('AUTH', problem, { hint }));
  }
  const hasSecret = [...file.config.auths.values()].some(
    ({ auth, password }) => auth !== undefined || password !== undefined,
  );
  const openMode = hasSecret ? await findOpenMode(file.path) : undefined;
  if (openMode === undefined) return pass(file.path);
  const mode = openMode.toString(8).padStart(4, '0');
  return warn(
    `${file.path}: other users can read the logins in it (mode ${mode})`,
    `Run: chmod 600 ${quoteForShell(file.path)}`,
  );
}

/** Says what to do about a helper that docker does not find. Undefined if docker finds it. */
async function adviseOnProgram(
  helper: string,
  configFile: string,
  io: Pick<Io, 'env' | 'programDirectory'>,
): Promise<string | undefined> {
  const program = `docker-credential-${helper}`;
  if (helper === OWN_HELPER) {
    const remedy = await suggestHelperInstallation(io);
    return remedy && `Put ${program} on PATH: ${remedy}`;
  }
  const isFound = (await findProgram(program, io.env)) !== undefined;
  return isFound
    ? undefined
    : `Install ${program}, or remove ${helper} from credsStore and credHelpers in ${configFile}.`;
}

/** How the registry is asked about a login. */
export interface LoginQuestion {
  readonly connections: Connections;
  /** How long the registry may take for an answer, in ms. */
  readonly mostMs: number;
  readonly waiting: Pick<Waiting, 'during'>;
  /** Whether the registry is one of private ECR: nobody can pull there without a login. */
  readonly isPrivate: boolean;
}

/**
 * Tries the logins that docker has for a registry: that of DOCKER_AUTH_CONFIG, and the one in the file or in a store. One that the
 * registry refuses fails every pull. From ECR Public it would work without a login.
 */
export async function checkStoredLogins(
  places: readonly LoginPlace[],
  { connections, mostMs, waiting, isPrivate }: LoginQuestion,
  signal: AbortSignal,
): Promise<Finding> {
  const good: string[] = [];
  const problems: string[] = [];
  const remedies = new Set<string>();
  for (const place of places) {
    const { registryHost, env } = place;
    if (env.DOCKER_AUTH_CONFIG) {
      const invalid = findEnvironmentProblem(env.DOCKER_AUTH_CONFIG);
      if (invalid !== undefined) return warn(invalid, 'Correct DOCKER_AUTH_CONFIG, or unset it.');
    }
    const stored = await waiting.during("docker's credential store", () => findStored(place));
    for (const login of [await findInEnvironment(place), stored]) {
      if (login === undefined) continue;
      const { where, remedy } = describePlace(login, registryHost, isPrivate);
      const { username, secret } = login;
      const scheme = isPrivate ? 'Basic' : 'Bearer';
      const asked = { registryHost, username, secret, scheme } as const;
      const ask = () => isLoginAccepted(connections, asked, mostMs, signal);
      if (await waiting.during(`${registryHost} (GET /v2/)`, ask)) {
        good.push(where);
        continue;
      }
      problems.push(`the registry refuses the login for ${registryHost} in ${where}`);
      remedies.add(remedy);
    }
  }
  if (problems.length > 0) {
    const effect = isPrivate ? 'docker cannot use the registry' : 'breaks even public pulls';
    const message = `${problems.join('; ')}: it has expired or is wrong, and ${effect}`;
    return fail(new EcrpError('AUTH', message, { hint: [...remedies].join(' ') }));
  }
  if (good.length > 0) return pass(`accepted: ${good.join(', ')}`);
  return isPrivate ? explainNoLogin(places) : pass('none; public pulls are anonymous');
}

/** Says how docker gets into a private registry without a stored login, and names logins that may be meant for it. */
async function explainNoLogin(places: readonly LoginPlace[]): Promise<Finding> {
  const sayings: string[] = [];
  for (const { configDirectory, registryHost } of places) {
    const file = await readConfigFile(configDirectory);
    const helper = nameHelper(file, registryHost);
    if (helper === AWS_HELPER) {
      return warn(
        `docker-credential-${AWS_HELPER} gives docker no login for ${registryHost}; its log, ~/.ecr/log/ecr-login.log, has the cause`,
        `Run 'ecrp login --credential-helper ${registryHost}' to use ours, which says the cause.`,
      );
    }
    if (helper === OWN_HELPER) {
      sayings.push(`none: docker asks docker-credential-${OWN_HELPER}`);
      continue;
    }
    const others = listPrivateHosts(file).filter((host) => host !== registryHost);
    const aside =
      others.length === 0 ? '' : `; docker has one for ${listNames(others)}, which is another registry`;
    sayings.push(`none: docker needs 'ecrp login ${registryHost}', ecrp itself needs none${aside}`);
  }
  return pass(sayings.join('; '));
}

/** Lists the private registries that docker's configuration names. A login for the wrong region or account is a common mistake. */
function listPrivateHosts({ config }: Pick<ConfigFile, 'config'>): readonly string[] {
  const hosts = [...config.auths.keys(), ...config.credHelpers.keys()].map(reduceToHost);
  return [...new Set(hosts)].filter((host) => parsePrivateHost(host) !== undefined);
}

async function findInEnvironment(place: LoginPlace): Promise<FoundLogin | undefined> {
  return isLoginInEnvironment(place.registryHost, place.env) ? findLogin(place) : undefined;
}

/** Our own helper makes logins on demand, so none of them is stale. */
async function findStored(place: LoginPlace): Promise<FoundLogin | undefined> {
  const { configDirectory, registryHost, env } = place;
  const file = await readConfigFile(configDirectory);
  if (nameHelper(file, registryHost) === OWN_HELPER) return undefined;
  const { DOCKER_AUTH_CONFIG: _, ...others } = env;
  return findLogin({ ...place, env: others });
}

function findEnvironmentProblem(text: string): string | undefined {
  try {
    parseDockerConfig(text, 'DOCKER_AUTH_CONFIG');
    return undefined;
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}; docker ignores it`;
  }
}

function describePlace(
  { source }: FoundLogin,
  registryHost: string,
  isPrivate: boolean,
): { readonly where: string; readonly remedy: string } {
  const renewal = isPrivate
    ? `Run 'ecrp login ${registryHost}' to store a new one.`
    : `Run 'ecrp logout ${registryHost}'; 'ecrp login' stores a new one.`;
  switch (source.kind) {
    case 'environment':
      return {
        where: 'DOCKER_AUTH_CONFIG',
        remedy: `Remove ${registryHost} from DOCKER_AUTH_CONFIG, or unset it.`,
      };
    case 'helper':
      return {
        where: `docker-credential-${source.helper} (${registryHost})`,
        remedy: renewal,
      };
    case 'file':
      return {
        where: `${source.configFile} (${source.key})`,
        // Of another path: docker uses it for the host, but logout keeps it.
        remedy: listLoginKeys(registryHost).includes(source.key)
          ? renewal
          : `Remove ${source.key} from "auths" in ${source.configFile}.`,
      };
  }
}
