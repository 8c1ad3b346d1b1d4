import { once } from 'node:events';
import { Agent, type IncomingMessage, type RequestOptions, request as requestPlain } from 'node:http';
import { request as requestSecure, Agent as SecureAgent } from 'node:https';
import type { Environment } from '../../io.ts';
import { USER_AGENT } from '../../net/user-agent.ts';
import { type EngineAddress, formatEngineAddress } from './address.ts';
import { SshAgent } from './ssh-agent.ts';

/** A connection to the API of an engine, made by the first request and kept for the next ones. */
export interface EngineConnection {
  readonly address: EngineAddress;
  /** For messages: `unix:///var/run/docker.sock`. */
  readonly name: string;
  /**
   * Sends GET. Follows no redirects. Throws the system's error when no answer comes, an `AbortError` when `signal` aborts; that ends the
   * body as well.
   */
  get(path: string, signal: AbortSignal): Promise<IncomingMessage>;
  /** Also ends the body of an answer; idempotent. */
  close(): void;
}

/** One connection serves all requests: through ssh, each costs a login. */
const POOL = { keepAlive: true, maxSockets: 1 };

/** Opens nothing yet. `env` is that of `ssh`. */
export function connectToEngine(address: EngineAddress, env: Environment): EngineConnection {
  const { agent, basePath, isSecure, ...target } = makeTarget(address, env);
  return {
    address,
    name: formatEngineAddress(address),
    async get(path, signal) {
      for (;;) {
        const request = (isSecure ? requestSecure : requestPlain)({
          ...target,
          agent,
          signal,
          path: basePath + path,
          headers: { 'user-agent': USER_AGENT },
        });
        request.end();
        try {
          // The types of Node's event do not say what it carries.
          const [response] = (await once(request, 'response')) as [IncomingMessage];
          // Later errors come out of the body.
          request.on('error', () => undefined);
          return response;
        } catch (error) {
          // A kept connection may have ended: podman's service stops after some seconds without a request.
          if (!request.reusedSocket || signal.aborted) throw error;
        }
      }
    },
    close: () => agent.destroy(),
  };
}

interface Target extends Pick<RequestOptions, 'socketPath' | 'host' | 'port'> {
  readonly agent: Agent;
  readonly basePath: string;
  readonly isSecure: boolean;
}

function makeTarget(address: EngineAddress, env: Environment): Target {
  if (address.kind === 'socket') {
    return { socketPath: address.path, agent: new Agent(POOL), basePath: '', isSecure: false };
  }
  if (address.kind === 'ssh') {
    return { host: 'docker', agent: new SshAgent(address, env, POOL), basePath: '', isSecure: false };
  }
  const { host, port, basePath, tls } = address;
  if (tls === undefined) return { host, port, basePath, agent: new Agent(POOL), isSecure: false };
  const { ca, cert, key, verify } = tls;
  const files = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
  const agent = new SecureAgent({ ...POOL, ...files, rejectUnauthorized: verify });
  return { host, port, basePath, agent, isSecure: true };
}
