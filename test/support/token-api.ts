import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a client asked for a token. */
export interface TokenQuestion {
  /** The operation with its service, such as `AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken`. */
  readonly target: string;
  /** Region and service of the signature: `eu-west-1/ecr`. */
  readonly scope: string;
}

export interface TokenApi {
  /** Endpoint of both APIs. */
  readonly url: string;
  /** Questions since the last call, in order. */
  takeQuestions(): readonly TokenQuestion[];
  /** Scopes that get AccessDeniedException instead of a token. */
  readonly denied: Set<string>;
  /** Seconds until the tokens end. */
  lifetimeS: number;
  close(): void;
}

/**
 * Starts a stand-in for GetAuthorizationToken of ECR Public and of private ECR. It takes any account, region and signature, and the password says
 * which: `token-of-eu-west-1/ecr`.
 */
export async function startTokenApi(): Promise<TokenApi> {
  let questions: TokenQuestion[] = [];
  const denied = new Set<string>();
  const server = createServer((request, response) => {
    const question = readQuestion(request);
    request.resume();
    questions.push(question);
    const isDenied = denied.has(question.scope);
    const answer = isDenied
      ? { __type: 'AccessDeniedException', message: 'User: u is not authorized to perform: x' }
      : makeAnswer(question, api.lifetimeS);
    response
      .writeHead(isDenied ? 400 : 200, { 'content-type': 'application/x-amz-json-1.1' })
      .end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const api: TokenApi = {
    // It listens on TCP.
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    denied,
    lifetimeS: 43_200,
    takeQuestions: () => {
      const taken = questions;
      questions = [];
      return taken;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return api;
}

function makeAnswer({ target, scope }: TokenQuestion, lifetimeS: number): object {
  const [region, service] = scope.split('/');
  const data = {
    authorizationToken: Buffer.from(`AWS:token-of-${scope}`).toString('base64'),
    expiresAt: Date.now() / 1000 + lifetimeS,
  };
  if (service === 'ecr-public') return { authorizationData: data };
  if (!target.startsWith('AmazonEC2ContainerRegistry_V20150921.')) throw new Error(`no operation ${target}`);
  return {
    authorizationData: [{ ...data, proxyEndpoint: `https://123456789012.dkr.ecr.${region}.amazonaws.com` }],
  };
}

function readQuestion(request: IncomingMessage): TokenQuestion {
  const { authorization = '', 'x-amz-target': target = '' } = request.headers;
  // AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, …
  const [, region, service] = /Credential=[^/]+\/\d{8}\/([^/]+)\/([^/]+)\//.exec(authorization) ?? [];
  return { target: String(target), scope: `${region}/${service}` };
}
