// A reverse proxy that terminates TLS in front of a server, in a process of its own. Its parent sends { targetPort } and gets { port }.

import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createServer } from 'node:https';
import { join } from 'node:path';

const certificates = join(import.meta.dirname, '../support/certificates');
const agent = new Agent({ keepAlive: true });

/** Both servers put the scheme of X-Forwarded-Proto into the addresses of their answers. */
function forward(targetPort, incoming, response) {
  const { method, url: path, headers } = incoming;
  const onward = request({
    ...{ agent, host: '127.0.0.1', port: targetPort, method, path },
    headers: { ...headers, 'x-forwarded-proto': 'https' },
  });
  onward.on('response', (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
    answer.on('error', () => response.destroy());
  });
  onward.on('error', () => response.destroy());
  response.on('close', () => onward.destroy());
  incoming.pipe(onward);
}

process.once('message', ({ targetPort }) => {
  const identity = {
    key: readFileSync(join(certificates, 'server.key')),
    cert: readFileSync(join(certificates, 'server.pem')),
  };
  const server = createServer({ ...identity, keepAliveTimeout: 60_000 }, (incoming, response) =>
    forward(targetPort, incoming, response),
  );
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
});
process.on('disconnect', () => process.exit());
