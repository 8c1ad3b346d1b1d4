import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll } from 'vitest';
import { makeHome } from './cli.ts';

/** Accepts every request and answers none. */
export const staySilent: RequestListener = (request) => void request.resume();

/**
 * Makes an empty home and starts a server in place of ECR Public and its registry. To be awaited at the beginning of a file or a `describe`;
 * both go after its last test. `env` points the CLI at the server, with keys that nobody checks.
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
  // An address of the Internet family, as it listens on one.
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
