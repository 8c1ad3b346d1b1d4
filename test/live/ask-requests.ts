import { randomUUID } from 'node:crypto';
import { CHOICES } from '../../src/emulator/choices.ts';
import { read } from './live-service.ts';
import { outcomeOf, type Question, reasonOf } from './question.ts';

const MINUTE_MS = 60_000;

/** Questions about signatures, bodies, and the forms of parameters. */
export const REQUEST_QUESTIONS = {
  commonErrorStatus: async ({ call }) => {
    const { status } = await call('DescribeRegistries', {}, { service: 'ecr' });
    return { observed: status };
  },
  signatureWindowMs: async ({ call }) => {
    const date = new Date(Date.now() - 10 * MINUTE_MS);
    const { code } = await call('DescribeRegistries', {}, { date });
    return { observed: (code === undefined ? 15 : 5) * MINUTE_MS };
  },
  contentType: async ({ call }) => {
    const answer = await call('DescribeRegistries', {}, { headers: { 'content-type': 'text/plain' } });
    return { observed: answer.code === undefined ? 'ignored' : outcomeOf(answer) };
  },
  emptyBody: async ({ call }) => {
    const answer = await call('DescribeRegistries', {}, { body: '' });
    return { observed: answer.code === undefined ? 'an input without members' : outcomeOf(answer) };
  },
  lengthOfText: async ({ ask }) => {
    // As many characters as a description may have, and twice as many UTF-16 code units.
    const answer = await ask('PutRepositoryCatalogData', {
      catalogData: { description: '\u{1F4E6}'.repeat(1024) },
    });
    return { observed: answer.code === undefined ? 'code point' : 'UTF-16 code unit' };
  },
  base64: async ({ ask, must }) => {
    const { uploadId } = await must('InitiateLayerUpload', {});
    // One byte without its padding.
    const part = { uploadId, partFirstByte: 0, partLastByte: 0, layerPartBlob: 'YQ' };
    const { code } = await ask('UploadLayerPart', part);
    const isStrict = code === 'SerializationException';
    return { observed: isStrict ? CHOICES.base64.value : (code ?? CHOICES.base64.alternative) };
  },
  missingMemberReason: async ({ call }) => ({ observed: reasonOf(await call('DescribeImages', {})) }),
  invalidNextTokenReason: async ({ call }) => ({
    observed: reasonOf(await call('DescribeRepositories', { nextToken: 'no token' })),
  }),
  excludedPagingReason: async ({ call, repositoryName }) => ({
    observed: reasonOf(
      await call('DescribeRepositories', { repositoryNames: [repositoryName], maxResults: 5 }),
    ),
  }),
  registryNotFoundText: async ({ ask }) => {
    // No alias that anybody has.
    const registryId = `no-alias-${randomUUID().slice(0, 8)}`;
    const answer = await ask('InitiateLayerUpload', { registryId });
    const expected = `RegistryNotFoundException: ${CHOICES.registryNotFoundText.value(registryId)}`;
    return { observed: outcomeOf(answer), expected };
  },
  unknownLayer: async ({ ask }) => {
    const { output } = await ask('BatchCheckLayerAvailability', {
      layerDigests: [`sha256:${'0'.repeat(64)}`],
    });
    const availability = read(output, 'layers', 0, 'layerAvailability');
    return { observed: String(availability ?? read(output, 'failures', 0, 'failureCode')) };
  },
  missingLayerDigestReason: async ({ ask }) => {
    const { output } = await ask('BatchCheckLayerAvailability', { layerDigests: [''] });
    return { observed: String(read(output, 'failures', 0, 'failureReason')) };
  },
  invalidLayerDigestReason: async ({ ask }) => {
    const { output } = await ask('BatchCheckLayerAvailability', { layerDigests: ['no digest'] });
    return { observed: String(read(output, 'failures', 0, 'failureReason')) };
  },
} as const satisfies Readonly<Record<string, Question>>;
