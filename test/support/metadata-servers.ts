import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** Session token of every role. */
export const ROLE_TOKEN = 'role-token';

export interface RoleKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface FakeService {
  readonly url: string;
  /** Method and path of each request so far. */
  readonly requests: readonly string[];
  /** What the client of each request calls itself. */
  readonly userAgents: readonly (string | undefined)[];
  close(): void;
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Starts a server of EC2 instance metadata, version 2. Without its session token it answers 401. */
export function startInstanceMetadata(keys: RoleKeys): Promise<FakeService> {
  const token = 'session-token';
  return serve((request, response) => {
    const { method, url, headers } = request;
    if (method === 'PUT' && url === '/latest/api/token') {
      response
        .writeHead(headers['x-aws-ec2-metadata-token-ttl-seconds'] === undefined ? 400 : 200)
        .end(token);
    } else if (headers['x-aws-ec2-metadata-token'] !== token) response.writeHead(401).end();
    else if (url === '/latest/meta-data/iam/security-credentials/') response.end('pusher');
    else if (url === '/latest/meta-data/iam/security-credentials/pusher') {
      response.end(JSON.stringify({ Code: 'Success', ...describeKeys(keys) }));
    } else response.writeHead(404).end();
  });
}

/** Starts a server of container credentials, like those of ECS and EKS. */
export function startContainerCredentials(keys: RoleKeys, token?: string): Promise<FakeService> {
  return serve((request, response) => {
    if (request.headers.authorization !== token) {
      response.writeHead(403).end(JSON.stringify({ code: 'Forbidden', message: 'not your pod' }));
    } else response.end(JSON.stringify(describeKeys(keys)));
  });
}

/** Starts AWS STS. It gives the keys for any role, and keeps the members of each request. */
export async function startTokenService(
  keys: RoleKeys,
): Promise<FakeService & { readonly asked: readonly URLSearchParams[] }> {
  const asked: URLSearchParams[] = [];
  const service = await serve(async (request, response) => {
    const members = new URLSearchParams(await text(request));
    asked.push(members);
    const action = members.get('Action');
    const { AccessKeyId, SecretAccessKey, Token, Expiration } = describeKeys(keys);
    response.setHeader('content-type', 'text/xml');
    response.end(`<${action}Response><${action}Result><Credentials><AccessKeyId>${AccessKeyId}</AccessKeyId>
<SecretAccessKey>${SecretAccessKey}</SecretAccessKey><SessionToken>${Token}</SessionToken>
<Expiration>${Expiration}</Expiration></Credentials></${action}Result></${action}Response>`);
  });
  return { ...service, asked };
}

/** Starts a service that answers with a function. If the function does nothing, no answer comes. */
export async function serve(answer: Answer): Promise<FakeService> {
  const requests: string[] = [];
  const userAgents: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    userAgents.push(request.headers['user-agent']);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // It listens on TCP.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    userAgents,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function describeKeys({ accessKeyId, secretAccessKey }: RoleKeys) {
  return {
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    Token: ROLE_TOKEN,
    Expiration: new Date(Date.now() + 3_600_000).toISOString(),
  };
}
