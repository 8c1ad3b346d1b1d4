import { expect, it } from 'vitest';
import { describeFailure } from '../../../src/ecr/exception.ts';
import { explainConnection } from '../../../src/ecr/explain-connection.ts';

it.each([
  [
    'wrong version number',
    'DescribeRepositories: https://ecr.test does not answer with TLS: wrong version number',
    'Check the endpoint if you gave one (a server without TLS has http://), and whether a proxy is between; then run it again.',
  ],
  [
    'sslv3 alert handshake failure',
    'DescribeRepositories: no trusted connection to https://ecr.test: write EPROTO 80EC:error:0A00010B:SSL routines::sslv3 alert handshake failure:record.c:350:',
    expect.stringContaining('AWS_CA_BUNDLE'),
  ],
])('a handshake that ends with "%s"', (reason, message, hint) => {
  const failure = describeFailure(
    Object.assign(new Error(`write EPROTO 80EC:error:0A00010B:SSL routines::${reason}:record.c:350:`), {
      code: 'EPROTO',
    }),
  );
  const place = { operation: 'DescribeRepositories', endpoint: 'https://ecr.test' };
  expect(explainConnection(failure, place, '')).toEqual({ message, hint });
});
