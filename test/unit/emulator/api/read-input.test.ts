import { afterAll, beforeAll, expect, test } from 'vitest';
import { OPERATIONS, type OperationName } from '../../../../src/wire/operations.ts';
import { callApi, failApi } from '../../../support/call-api.ts';
import { startTestEmulator, type TestEmulator } from '../../../support/emulator.ts';
import { sendSigned } from '../../../support/signed-request.ts';

let emulator: TestEmulator;

beforeAll(async () => {
  emulator = await startTestEmulator();
});

afterAll(() => emulator.close());

const valid: Readonly<Record<string, unknown>> = {
  RegistryIdOrAlias: '123456789012',
  RegistryId: '123456789012',
  RepositoryName: 'team/app',
  BatchedOperationLayerDigestList: ['sha256:00'],
  LayerDigestList: ['sha256:00'],
  UploadId: '00000000-0000-4000-8000-000000000000',
  PartSize: 0,
  LayerPartBlob: 'AA==',
  ImageIdentifierList: [{ imageTag: 'latest' }],
  ImageManifest: '{}',
  Arn: 'arn:aws:ecr-public::123456789012:repository/team/app',
  RepositoryPolicyText: '{}',
  RepositoryCatalogDataInput: {},
  TagList: [],
  TagKeyList: [],
};

function validInput(operation: OperationName): Record<string, unknown> {
  const { members, required = [] }: { members: object; required?: readonly string[] } =
    OPERATIONS[operation].input;
  return Object.fromEntries(
    Object.entries(members)
      .filter(([name]) => required.includes(name))
      .map(([name, shape]) => [name, valid[shape]]),
  );
}

test('required members', async () => {
  let missing = 0;
  for (const name of Object.keys(OPERATIONS)) {
    const operation = name as OperationName; // as: a key of the table
    const input = validInput(operation);
    for (const member of Object.keys(input)) {
      const { [member]: _, ...rest } = input;
      expect(await failApi(emulator, operation, { ...rest, unknown: true })).toEqual({
        __type: 'InvalidParameterException',
        message: `Invalid parameter at '${member}' failed to satisfy constraint: 'Member must not be null'`,
      });
      missing += 1;
    }
  }
  expect(missing).toBeGreaterThan(25);
});

test('the recorded texts', async () => {
  const messageOf = async (operation: OperationName, input: object) =>
    (await failApi(emulator, operation, { ...validInput(operation), ...input })).message;
  const frame = (member: string, reason: string) =>
    `Invalid parameter at '${member}' failed to satisfy constraint: '${reason}'`;
  const name = '(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*';
  expect(await messageOf('CreateRepository', { repositoryName: 'Team' })).toBe(
    frame('repositoryName', `must satisfy regular expression '${name}'`),
  );
  expect(await messageOf('CreateRepository', { repositoryName: 'x' })).toBe(
    frame('repositoryName', 'must have length greater than or equal to 2'),
  );
  expect(await messageOf('BatchDeleteImage', { imageIds: [] })).toBe(
    frame('imageIds', 'Member must have length greater than or equal to 1'),
  );
  expect(await messageOf('DescribeImages', { maxResults: 1001 })).toBe(
    frame('maxResults', 'Member must have value less than or equal to 1000'),
  );
  expect(await messageOf('CompleteLayerUpload', { layerDigests: ['x'] })).toBe(
    frame(
      'layerDigests',
      'Member must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z0-9-_+.]+:[a-fA-F0-9]+]',
    ),
  );
  expect(await messageOf('CreateRepository', { catalogData: { description: 'x'.repeat(1025) } })).toBe(
    frame('description', 'must have length less than or equal to 1024'),
  );
});

test('the length of a text is counted in code points', async () => {
  const fits = { repositoryName: 'emoji/app', catalogData: { description: '😀'.repeat(1024) } };
  expect((await callApi(emulator, 'CreateRepository', fits)).repository).toMatchObject({
    repositoryName: 'emoji/app',
  });
  const tooLong = { repositoryName: 'emoji/app', catalogData: { description: '😀'.repeat(1025) } };
  expect((await failApi(emulator, 'CreateRepository', tooLong)).message).toContain(
    'must have length less than or equal to 1024',
  );
});

test('a malformed repository name, even around a valid one', async () => {
  for (const repositoryName of ['a__b', 'a--b', '/ab', 'ab/', 'ab\n', 'a/../b', 'é'.repeat(3), 'ab:c']) {
    const error = await failApi(emulator, 'CreateRepository', { repositoryName });
    expect(error.__type, repositoryName).toBe('InvalidParameterException');
  }
});

test.each(['{', '[]', 'null', '"text"', '{"repositoryName":"team/app"}}', '[['.repeat(50_000)])(
  'no JSON object: %.20s',
  async (body) => {
    expect((await failApi(emulator, 'CreateRepository', body)).__type).toBe('SerializationException');
  },
);

test('an unknown operation', async () => {
  for (const operation of ['Nothing', 'toString', '', 'PutImage.PutImage']) {
    const answer = await sendSigned(emulator, { operation, body: '{}' });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text)).toEqual({ __type: 'UnknownOperationException' });
  }
});

test('a body above every limit', async () => {
  const answer = await sendSigned(emulator, {
    operation: 'UploadLayerPart',
    body: Buffer.alloc(33 * 1024 * 1024),
  });
  expect(answer.status).toBe(413);
  expect(JSON.parse(answer.text).__type).toBe('RequestEntityTooLarge');
});
