import { expect, it } from 'vitest';
import { AttemptTimeout } from '../../../src/ecr/attempt.ts';
import { NEEDS_TLS } from '../../../src/ecr/diagnose-scheme.ts';
import { explainConnection } from '../../../src/ecr/explain-connection.ts';
import { describeFailure } from '../../../src/ecr/failure.ts';

function explain(error: Error, endpoint: string, attempts: number, operation = 'DescribeRepositories') {
  const place = { operation, endpoint, attempts };
  return explainConnection(describeFailure(error), place);
}

const handshake = (reason: string): Error =>
  Object.assign(new Error(`write EPROTO 80EC:error:0A00010B:SSL routines::${reason}:record.c:350:`), {
    code: 'EPROTO',
  });

it.each([
  [
    'wrong version number',
    'DescribeRepositories: https://ecr.test does not speak TLS',
    'Give the endpoint as http://ecr.test if that is right, or check whether a proxy is between; then run it again.',
  ],
  [
    'sslv3 alert handshake failure',
    'DescribeRepositories: no trusted connection to https://ecr.test: sslv3 alert handshake failure',
    expect.stringContaining('AWS_CA_BUNDLE'),
  ],
])('a handshake that ends with "%s"', (reason, message, hint) => {
  expect(explain(handshake(reason), 'https://ecr.test', 1)).toEqual({ message, hint });
});

it('an endpoint behind a proxy is hinted at without the proxy', () => {
  const { hint } = explain(
    handshake('wrong version number'),
    'https://ecr.test (through the proxy http://p)',
    1,
  );
  expect(hint).toContain('http://ecr.test if');
});

it('plain HTTP where TLS is spoken', () => {
  const error = Object.assign(new Error('the server expects TLS'), { code: NEEDS_TLS });
  expect(explain(error, 'http://127.0.0.1:8443', 1)).toEqual({
    message: 'DescribeRepositories: http://127.0.0.1:8443 speaks TLS only',
    hint: 'Give the endpoint as https://127.0.0.1:8443; then run it again.',
  });
});

const native = (code: string, message: string): Error => Object.assign(new Error(message), { code });

it.each<[string, Error, number, string]>([
  [
    'silence',
    new AttemptTimeout('complete answer', 10_000),
    1,
    'no complete answer from http://localhost:5100 within 10 s',
  ],
  [
    'silence, several times',
    new AttemptTimeout('answer', 1_500),
    3,
    'no answer from http://localhost:5100 after 3 attempts; the last waited 1.5 s',
  ],
  [
    'a closed port',
    native('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:5100'),
    9,
    'nothing accepts connections at http://localhost:5100 after 9 attempts (ECONNREFUSED 127.0.0.1:5100)',
  ],
  [
    'a name that is not known',
    native('ENOTFOUND', 'getaddrinfo ENOTFOUND localhost'),
    1,
    'the host name of http://localhost:5100 cannot be resolved (ENOTFOUND)',
  ],
  [
    'a connection that broke',
    native('ECONNRESET', 'read ECONNRESET'),
    2,
    'the connection to http://localhost:5100 broke after 2 attempts (ECONNRESET)',
  ],
])('%s is said once', (_name, error, attempts, message) => {
  expect(explain(error, 'http://localhost:5100', attempts).message).toBe(`DescribeRepositories: ${message}`);
});

it.each([
  ['BatchCheckLayerAvailability', 'run it again.'],
  ['InitiateLayerUpload', 'run it again.'],
  ['UploadLayerPart', 'run it again: what is stored already is not sent again.'],
  ['PutImage', 'run it again: what is stored already is not sent again.'],
])('the hint about %s promises no more than what the next push keeps', (operation, end) => {
  const { hint } = explain(native('ECONNRESET', 'read ECONNRESET'), 'http://localhost:5100', 1, operation);
  expect(hint).toBe(`Check the network, and whether a proxy is between; then ${end}`);
});
