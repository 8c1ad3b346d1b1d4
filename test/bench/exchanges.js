// Measures what a raw push needs beside its bytes: two connections, a token, and four calls, one after the other.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, Agent as HttpAgent, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { ROOT, SECURE_HOST, startLink, startTlsFront } from './servers.js';

/** GetAuthorizationToken and BatchCheckLayerAvailability, then POST and PUT of the upload, and PutImage. */
const CALLS = 5;
const RUNS = 5;

/** Measures the exchanges with a server that answers at once. `shape` is that of the link. Returns the median in seconds. */
export async function measureExchanges({ bitsPerSecond, roundTripMs, isSecure = false }) {
  const server = createServer((_, response) => response.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const front = isSecure ? await startTlsFront(server.address().port) : undefined;
  const link = await startLink(front?.port ?? server.address().port, { bitsPerSecond, roundTripMs });
  try {
    const seconds = [];
    for (let run = 0; run < RUNS; run += 1) seconds.push(await exchange(link.port, isSecure));
    return seconds.sort((a, b) => a - b)[Math.floor(RUNS / 2)];
  } finally {
    await link.stop();
    await front?.stop();
    server.closeAllConnections();
    server.close();
  }
}

async function exchange(port, isSecure) {
  const Agent = isSecure ? HttpsAgent : HttpAgent;
  // The API and the registry are two hosts.
  const agents = [0, 1].map(() => new Agent({ keepAlive: true, maxSockets: 1 }));
  const call = async (agent) => {
    const options = { agent, host: '127.0.0.1', port, servername: SECURE_HOST, ca: readFileSync(ROOT) };
    const [answer] = await once((isSecure ? requestHttps : requestHttp)(options).end(), 'response');
    await once(answer.resume(), 'end');
  };
  const begin = performance.now();
  for (let index = 0; index < CALLS; index += 1) await call(agents[index % 2]);
  for (const agent of agents) agent.destroy();
  return (performance.now() - begin) / 1000;
}
