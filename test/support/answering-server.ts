import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll } from 'vitest';
import { makeHome } from './cli.ts';

/** Accepts every request and answers none. */
export const staySilent: RequestListener = (request) => void request.resume();

/**
 * Makes an empty home and starts a server in place of ECR Public and its registry. Await it at the top of a file or a `describe`, whose
 * last test removes both. `env` points the CLI at the server, with any keys.
 */
export async function startAnsweringServer(listener: RequestListener): Promise<{
  readonly home: Awaited<ReturnType<typeof makeHome>>;
  /** `HOST:PORT` */
  readonly host: string;
  readonly env: Readonly<Record<string, string>>;
}> {
  const home = await makeHome();
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await home.remove();
  });
  // It listens on TCP.
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const env = {
    ...home.env,
    AWS_ENDPOINT_URL_ECR_PUBLIC: `http://${host}`,
    ECRP_REGISTRY_HOST: host,
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
  };
  return { home, host, env };
}
