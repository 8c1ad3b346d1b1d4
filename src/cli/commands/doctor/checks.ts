import { tmpdir } from 'node:os';
import type { LoginPlace } from '../../../docker/login.ts';
import { checkRegionVariables } from '../../../ecr/credentials/keys.ts';
import { reachEndpoint } from '../../../ecr/reach-endpoint.ts';
import { findCaBundle, prepareProfile } from '../../../ecr/shared-config.ts';
import { prepareConnections } from '../../../net/connections.ts';
import { chooseScheme } from '../../../registry/client.ts';
import {
  findCacheDirectory,
  findDockerConfigDirectory,
  findSpoolLimit,
  findStateDirectory,
} from '../../directories.ts';
import { findLoginEndpoint } from '../../login-hosts.ts';
import { limitWait } from '../../options.ts';
import { findEndpoint, isRegistryOfApi } from '../../service-address.ts';
import { type Check, type DoctorFindings, type DoctorPlace, defineCheck, skip } from './check.ts';
import { checkCredentials, checkIdentity } from './credentials.ts';
import { checkDockerConfig, checkStoredLogins } from './docker.ts';
import { checkDirectories, checkNode } from './machine.ts';
import { checkCertificates, checkClockOffset, checkProxy, checkRegion } from './network.ts';
import {
  checkPrivateRegistry,
  checkPull,
  checkPush,
  checkRegistry,
  checkRepository,
  checkToken,
} from './permissions.ts';

/** How long a server may take for one answer, in ms. */
const ANSWER_MS = 10_000;

/** The checks that need no client, in order. They find what makes one. */
export const settingsChecks: readonly Check[] = [
  defineCheck('node', [], () => checkNode(process.versions.node)),
  defineCheck('directories', [], (_, { context: { io } }) => {
    const temporary = io.env.TMPDIR || tmpdir();
    // Throws USAGE for a limit that is not a size.
    findSpoolLimit(io, temporary);
    return checkDirectories([
      {
        purpose: 'state',
        path: findStateDirectory(io),
        variable: 'ECRP_STATE_DIR',
        loss: 'interrupted uploads cannot be resumed',
      },
      {
        purpose: 'cache',
        path: findCacheDirectory(io),
        variable: 'ECRP_CACHE_DIR',
        loss: 'each push compresses its layers again',
      },
      {
        purpose: 'temporary',
        path: temporary,
        variable: 'TMPDIR',
        loss: 'compressed and piped archives cannot be pushed',
      },
    ]);
  }),
  defineCheck('region', [], async (_, { context, privateRegistry }) => {
    const { io, options } = context;
    checkRegionVariables(io.env);
    const endpoint =
      privateRegistry === undefined
        ? await findEndpoint(context)
        : await findLoginEndpoint(context, 'doctor', {
            registryHost: privateRegistry.registryHost,
            privateRegistry,
          });
    const profile = await prepareProfile(options.profile, io.env)();
    const named = [
      { origin: 'AWS_REGION', region: io.env.AWS_REGION },
      { origin: 'AWS_DEFAULT_REGION', region: io.env.AWS_DEFAULT_REGION },
      { origin: `the profile '${profile.name}'`, region: profile.section?.region },
    ];
    return checkRegion(endpoint, named, privateRegistry === undefined ? 'ecr-public' : 'ecr');
  }),
  defineCheck('proxy', ['endpoint'], (found, place) => {
    const { env } = place.context.io;
    const { profile } = place.context.options;
    const routes = prepareConnections({
      env,
      maxSockets: 2,
      findCaBundle: () => findCaBundle(profile, env),
    });
    return checkProxy(routes, listAddresses(found, place), env);
  }),
  defineCheck('certificates', ['endpoint', 'routes'], async (found, place) => {
    const { env } = place.context.io;
    const bundle = await findCaBundle(place.context.options.profile, env);
    return checkCertificates(found.routes, listAddresses(found, place), bundle, env);
  }),
];

/** Lists the checks that follow, in order. Without a client, most of them are skipped. */
export function listServiceChecks({ privateRegistry }: DoctorPlace): readonly Check[] {
  // Anyone can pull from ECR Public.
  return [...accessChecks, ...(privateRegistry === undefined ? [] : [pullCheck]), ...dockerChecks];
}

const accessChecks: readonly Check[] = [
  defineCheck('credentials', ['session'], async ({ session }, { context, signal }) =>
    checkCredentials(await session.client.findIdentity(signal), context.io.env),
  ),
  defineCheck('endpoint', ['endpoint', 'connections'], async ({ endpoint, connections }, place) => {
    const mostMs = limitWait(place.context.options, ANSWER_MS);
    const url = new URL(endpoint.url);
    const reached = await place.context.waiting.during(`${url.host} (GET /)`, () =>
      reachEndpoint(connections, url, mostMs, place.signal),
    );
    return { status: 'ok', detail: `${endpoint.url} answers`, found: { reached } };
  }),
  defineCheck('clock', ['reached'], ({ reached }) => checkClockOffset(reached.clockOffsetMs)),
  defineCheck(
    'identity',
    ['session', 'endpoint', 'identity', 'reached'],
    ({ session, endpoint: { region }, reached }, { context, signal }) => {
      const { io, options, waiting } = context;
      const clockOffsetMs = reached.clockOffsetMs ?? 0;
      const mostMs = limitWait(options, ANSWER_MS);
      const question = { profile: options.profile, env: io.env, region, clockOffsetMs, mostMs };
      return waiting.during('AWS STS (GetCallerIdentity)', () =>
        checkIdentity(session.client, question, signal),
      );
    },
    ({ endpoint }) => (endpoint?.isAws === false ? "AWS is not asked: the endpoint is not AWS's" : undefined),
  ),
  defineCheck('token', ['session', 'identity', 'reached'], ({ session }, { signal }) =>
    checkToken(session.client, signal),
  ),
  defineCheck('registry', ['session', 'identity', 'reached'], (found, place) => {
    const { session, identity } = found;
    const { privateRegistry, reference, signal } = place;
    if (privateRegistry === undefined) return checkRegistry(session, reference, signal);
    const account = found.account ?? identity.credentials.accountId;
    return checkPrivateRegistry(session, privateRegistry, { reference, account }, signal);
  }),
  defineCheck(
    'repository',
    ['session', 'address'],
    ({ session, address }, { reference, signal }) =>
      checkRepository(session.client, address, reference, signal),
    explainNoRepository,
  ),
  defineCheck(
    'push',
    ['session', 'existing'],
    ({ session, existing }, { signal }) => checkPush(session.client, existing, signal),
    explainNoRepository,
  ),
];

const pullCheck = defineCheck(
  'pull',
  ['session', 'existing'],
  ({ session, existing }, { signal }) => checkPull(session.client, existing, signal),
  explainNoRepository,
);

const dockerChecks: readonly Check[] = [
  defineCheck('docker-config', [], (_, { context: { io }, registryHosts }) =>
    checkDockerConfig(findDockerConfigDirectory(io), registryHosts, io),
  ),
  defineCheck('stored-logins', ['endpoint', 'connections'], async ({ endpoint, connections }, place) => {
    const { context, signal, registryHosts, privateRegistry } = place;
    const host = registryHosts.join(', ');
    if (privateRegistry === undefined && !(await isRegistryOfApi(context))) {
      return skip(`${host} does not belong to the endpoint: set ECRP_REGISTRY_HOST`);
    }
    if (privateRegistry?.registryId !== undefined && !endpoint.isAws) {
      return skip(`${host} belongs to AWS, and the endpoint does not`);
    }
    const { options, waiting } = context;
    const mostMs = limitWait(options, ANSWER_MS);
    const question = { connections, mostMs, waiting, isPrivate: privateRegistry !== undefined };
    return checkStoredLogins(listLoginPlaces(place), question, signal);
  }),
];

function explainNoRepository(_: Partial<DoctorFindings>, { reference }: DoctorPlace): string | undefined {
  return reference === undefined
    ? "no repository was named: 'ecrp doctor REPO' checks pushes to it"
    : undefined;
}

/** Everything that ecrp connects to, except for credentials. */
function listAddresses({ endpoint }: Pick<DoctorFindings, 'endpoint'>, place: DoctorPlace): readonly URL[] {
  const registries = place.registryHosts.map((host) => new URL(`${chooseScheme(host)}://${host}`));
  return [new URL(endpoint.url), ...registries];
}

function listLoginPlaces({ context: { io }, registryHosts, signal }: DoctorPlace): readonly LoginPlace[] {
  const configDirectory = findDockerConfigDirectory(io);
  return registryHosts.map((registryHost) => ({ configDirectory, registryHost, env: io.env, signal }));
}
