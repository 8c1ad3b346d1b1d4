import { spawn } from 'node:child_process';
import { createHash, sign } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { endWithTests } from '../../support/end-with-tests.ts';
import { PRIVATE_ROOT, SERVER_IDENTITY } from '../../support/tls-front.ts';
import { requireClient } from './clients.ts';

/** The login of registries with `htpasswd`, and of `startTokenServer`. */
export const REGISTRY_LOGIN = { username: 'me', password: 'pa ss:word' };
/** Its line for docker-registry, which takes bcrypt alone. */
const HTPASSWD = 'me:$2b$04$7cQYvsE4ZvVfRZNxHkNmHOnf6jSaPAxdNpY96lti.fu6xGNRN2LGi\n';

export interface DockerRegistry {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  close(): Promise<void>;
}

/** Who may read and write; default everyone. */
export type RegistryAuth = 'htpasswd' | TokenServer;

/** Starts Debian's docker-registry (distribution 2.8) on loopback, with a store of its own. */
export async function startDockerRegistry(auth?: RegistryAuth): Promise<DockerRegistry> {
  const directory = await mkdtemp(join(tmpdir(), 'ecrp-registry-'));
  const at = (name: string): string => join(directory, name);
  await writeFile(at('htpasswd'), HTPASSWD);
  const settings = {
    version: 0.1,
    log: { level: 'info', formatter: 'json' },
    storage: { filesystem: { rootdirectory: at('data') }, delete: { enabled: true } },
    http: { addr: '127.0.0.1:0', secret: 'for tests' },
    ...(auth === 'htpasswd' && { auth: { htpasswd: { realm: 'tests', path: at('htpasswd') } } }),
    ...(typeof auth === 'object' && { auth: { token: { ...auth.settings, rootcertbundle: PRIVATE_ROOT } } }),
  };
  // JSON is YAML.
  await writeFile(at('registry.yml'), JSON.stringify(settings));
  const child = spawn(requireClient('docker-registry'), ['serve', at('registry.yml')], {
    env: { OTEL_TRACES_EXPORTER: 'none' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  endWithTests(child);
  const output: string[] = [];
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  const host = await new Promise<string>((resolve, reject) => {
    const take = (line: string): void => {
      output.push(line);
      const [, address] = /listening on (127\.0\.0\.1:\d+)/.exec(line) ?? [];
      if (address !== undefined) resolve(address);
    };
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', take);
    child.on('error', reject);
    void ended.then(() => reject(new Error(`docker-registry ended:\n${output.join('\n')}`)));
  });
  return {
    host,
    async close() {
      child.kill('SIGKILL');
      await ended;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export interface TokenServer {
  /** For `auth.token` of docker-registry. */
  readonly settings: { readonly realm: string; readonly service: string; readonly issuer: string };
  /** `METHOD` and who asked: the user name, or `anonymous`. */
  readonly seen: readonly string[];
  close(): void;
}

/**
 * Starts a token server whose tokens docker-registry takes. Everyone may pull from `public/`, and the login of `REGISTRY_LOGIN` may do
 * everything. Its refresh token is `refresh-me`.
 */
export async function startTokenServer(): Promise<TokenServer> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      const form = request.method === 'POST' ? new URLSearchParams(body) : url.searchParams;
      const user = findUser(request.headers.authorization, form);
      seen.push(`${request.method} ${user ?? 'refused'}`);
      if (user === undefined) response.writeHead(401).end('{"details":"incorrect username or password"}');
      else {
        const token = makeToken(user, form.getAll('scope').join(' '), tokens.settings);
        response.end(JSON.stringify(request.method === 'POST' ? { access_token: token } : { token }));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // Listening on TCP.
  const { port } = server.address() as AddressInfo;
  const tokens: TokenServer = {
    settings: { realm: `http://127.0.0.1:${port}/token`, service: 'tests', issuer: 'issuer of tests' },
    seen,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return tokens;
}

function findUser(authorization: string | undefined, form: URLSearchParams): string | undefined {
  const { username, password } = REGISTRY_LOGIN;
  const refreshToken = form.get('refresh_token');
  if (refreshToken !== null) return refreshToken === 'refresh-me' ? username : undefined;
  if (authorization === undefined) return 'anonymous';
  const expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  return authorization === expected ? username : undefined;
}

/** Makes a JSON Web Token, signed with the certificate of the tests. */
function makeToken(user: string, scope: string, { service, issuer }: TokenServer['settings']): string {
  const access = scope.split(' ').flatMap((part) => {
    const [type, name = '', actions = ''] = part.split(':');
    const granted = actions.split(',').filter((action) => user !== 'anonymous' || action === 'pull');
    const isGranted = user !== 'anonymous' || name.startsWith('public/');
    return type === 'repository' && isGranted ? [{ type, name, actions: granted }] : [];
  });
  const nowS = Math.floor(Date.now() / 1000);
  const certificate = SERVER_IDENTITY.cert.toString().replace(/-----[^-]+-----|\s/g, '');
  const header = { typ: 'JWT', alg: 'ES256', x5c: [certificate] };
  const claims = {
    ...{ iss: issuer, sub: user, aud: service, access, nbf: nowS - 600, iat: nowS - 600 },
    ...{ exp: nowS + 300, jti: createHash('sha256').update(`${nowS}${scope}`).digest('hex') },
  };
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${encode(header)}.${encode(claims)}`;
  const key = { key: SERVER_IDENTITY.key, dsaEncoding: 'ieee-p1363' } as const;
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
}
