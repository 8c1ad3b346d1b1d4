// Terminates TLS in front of a server, in a process of its own. Its parent sends { targetPort } and gets { port }.

import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { createServer } from 'node:tls';
import { SECURE_HOST } from './servers.js';

const certificates = join(import.meta.dirname, '../support/certificates');

/**
 * Corrects the addresses in the headers of answers: the server does not know of TLS. The headers of an answer are in one chunk, because both
 * servers write them at once.
 */
function correctAddresses() {
  return new Transform({
    transform(chunk, _, done) {
      const end = chunk.indexOf('\r\n\r\n');
      if (chunk.indexOf('HTTP/1.1 ') !== 0 || end === -1) return done(null, chunk);
      const headers = chunk.subarray(0, end).toString('latin1');
      const corrected = headers.replaceAll(`http://${SECURE_HOST}`, `https://${SECURE_HOST}`);
      return done(null, Buffer.concat([Buffer.from(corrected, 'latin1'), chunk.subarray(end)]));
    },
  });
}

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
    client.pipe(target).pipe(correctAddresses()).pipe(client);
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
});
process.on('disconnect', () => process.exit());
