// Terminates TLS in front of a server, in a process of its own. Its parent sends { targetPort } and gets { port }.

import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';

const certificates = join(import.meta.dirname, '../support/certificates');

process.once('message', ({ targetPort }) => {
  const identity = {
    key: readFileSync(join(certificates, 'server.key')),
    cert: readFileSync(join(certificates, 'server.pem')),
    ALPNProtocols: ['http/1.1'],
  };
  const server = createServer({ ...identity, noDelay: true }, (client) => {
    const target = connect({ port: targetPort, host: '127.0.0.1', noDelay: true });
    client.on('error', () => target.destroy());
    target.on('error', () => client.destroy());
    client.pipe(target).pipe(client);
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
});
process.on('disconnect', () => process.exit());
