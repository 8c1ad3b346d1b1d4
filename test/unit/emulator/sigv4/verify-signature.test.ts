import { createHash } from 'node:crypto';
import { DescribeRegistriesCommand, ECRPUBLICClient } from '@aws-sdk/client-ecr-public';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatCanonicalRequest } from '../../../../src/emulator/sigv4/verify-signature.ts';
import { startTestEmulator, type TestEmulator } from '../../../support/emulator.ts';
import {
  type RequestToSign,
  type Signer,
  sendRaw,
  sendSigned,
  signRequest,
} from '../../../support/signed-request.ts';

const emptyHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const describeRegistries: RequestToSign = { operation: 'DescribeRegistries', body: '{}' };
let emulator: TestEmulator;

beforeAll(async () => {
  emulator = await startTestEmulator();
});

afterAll(() => emulator.close());

async function expectError(signer: Signer, request: RequestToSign, type: string, message: string | RegExp) {
  const answer = await sendSigned(signer, request);
  expect(JSON.parse(answer.text)).toEqual({ __type: type, message: expect.stringMatching(message) });
  expect(answer.status).toBe(400);
}

test("AWS's published test vectors of the canonical request", () => {
  const rawHeaders = ['Host', 'example.amazonaws.com', 'X-Amz-Date', '20150830T123600Z'];
  const hashOf = (url: string) =>
    createHash('sha256')
      .update(
        formatCanonicalRequest({ method: 'GET', url, rawHeaders, bodyHash: emptyHash }, [
          'host',
          'x-amz-date',
        ]),
      )
      .digest('hex');
  // get-vanilla and get-vanilla-query-order-key-case of the Signature Version 4 test suite.
  expect(hashOf('/')).toBe('bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63');
  expect(hashOf('/?Param2=value2&Param1=value1')).toBe(
    '816cd5b414d056048ba4f7c5386d6e0533120fb1fcfa93762cf0fc39e2cf19e0',
  );
});

test('headers are trimmed, folded and joined, and queries are encoded again', () => {
  const rawHeaders = ['My-Header1', '  a   b   c  ', 'Host', 'h', 'my-header1', 'd'];
  const text = formatCanonicalRequest(
    { method: 'GET', url: "/?b=%7e&a=x y&a='&c", rawHeaders, bodyHash: emptyHash },
    ['host', 'my-header1', 'absent'],
  );
  expect(text.split('\n')).toEqual([
    'GET',
    '/',
    'a=%27&a=x%20y&b=~&c=',
    'host:h',
    'my-header1:a b c,d',
    'absent:',
    '',
    'host;my-header1;absent',
    emptyHash,
  ]);
});

test('a request that the SDK signed is accepted, even with another content hash header', async () => {
  const client = new ECRPUBLICClient({
    endpoint: emulator.url,
    region: 'us-east-1',
    credentials: { accessKeyId: emulator.accessKeyId, secretAccessKey: emulator.secretAccessKey },
  });
  const { registries } = await client.send(new DescribeRegistriesCommand());
  client.destroy();
  expect(registries?.[0]?.registryId).toBe(emulator.registryId);
  const hashed = {
    ...describeRegistries,
    headers: { 'x-amz-content-sha256': createHash('sha256').update('{}').digest('hex') },
  };
  expect((await sendSigned(emulator, hashed)).status).toBe(200);
});

test('a request is accepted a second time: AWS keeps no list of signatures', async () => {
  const headers = signRequest(emulator, describeRegistries);
  for (const _ of ['first', 'again']) {
    expect((await sendRaw(emulator.url, headers, '{}')).status).toBe(200);
  }
});

test('no header', async () => {
  const { authorization: _, ...headers } = signRequest(emulator, describeRegistries);
  const answer = await sendRaw(emulator.url, headers, '{}');
  expect(answer.status).toBe(400);
  expect(JSON.parse(answer.text)).toEqual({
    __type: 'MissingAuthenticationTokenException',
    message: 'Missing Authentication Token',
  });
});

test.each([
  ['Signature', /, Signature=[0-9a-f]+/, "requires 'Signature' parameter"],
  ['SignedHeaders', /SignedHeaders=[^,]+, /, "requires 'SignedHeaders' parameter"],
  ['Credential', /Credential=[^,]+, /, "requires 'Credential' parameter"],
  ['terminator', /aws4_request/, 'exactly 5 slash-delimited elements'],
])('a header without its %s is incomplete', async (_name, part, message) => {
  const headers = signRequest(emulator, describeRegistries);
  const authorization = headers.authorization?.replace(part, '') ?? '';
  const answer = await sendRaw(emulator.url, { ...headers, authorization }, '{}');
  expect(JSON.parse(answer.text)).toEqual({
    __type: 'IncompleteSignatureException',
    message: expect.stringContaining(message),
  });
});

test('unknown key, and a session token for a key that has none', async () => {
  const text = /^The security token included in the request is invalid\.$/;
  const stranger = { ...emulator, accessKeyId: 'AKIAUNKNOWN' };
  await expectError(stranger, describeRegistries, 'UnrecognizedClientException', text);
  const withToken = { ...describeRegistries, headers: { 'x-amz-security-token': 'token' } };
  await expectError(emulator, withToken, 'UnrecognizedClientException', text);
});

test('wrong secret, altered body, altered header', async () => {
  const text = /^The request signature we calculated does not match/;
  const forger = { ...emulator, secretAccessKey: 'wrong' };
  await expectError(forger, describeRegistries, 'InvalidSignatureException', text);
  const headers = signRequest(emulator, describeRegistries);
  for (const [body, altered] of [
    ['{ }', headers],
    ['{}', { ...headers, 'x-amz-target': 'SpencerFrontendService.DescribeRepositories' }],
  ] as const) {
    const answer = await sendRaw(emulator.url, altered, body);
    expect(JSON.parse(answer.text).__type).toBe('InvalidSignatureException');
  }
});

test('wrong scope', async () => {
  const wrongService = { ...describeRegistries, service: 'ecr' };
  const wrongRegion = { ...describeRegistries, region: 'eu-west-1' };
  await expectError(
    emulator,
    wrongService,
    'InvalidSignatureException',
    /^Credential should be scoped to correct service: 'ecr-public'\. $/,
  );
  await expectError(
    emulator,
    wrongRegion,
    'InvalidSignatureException',
    /^Credential should be scoped to a valid region\. $/,
  );
});

test('a clock that is a quarter of an hour off', async () => {
  const minutes = (count: number) => ({ ...describeRegistries, date: new Date(Date.now() + count * 60_000) });
  expect((await sendSigned(emulator, minutes(-14))).status).toBe(200);
  expect((await sendSigned(emulator, minutes(14))).status).toBe(200);
  await expectError(
    emulator,
    minutes(-16),
    'InvalidSignatureException',
    /^Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 15 min\.\)$/,
  );
  await expectError(
    emulator,
    minutes(16),
    'InvalidSignatureException',
    /^Signature not yet current: .*\+ 15 min/,
  );
});
