import { readFileSync } from 'node:fs';
import { CHOICES } from '../../src/emulator/choices.ts';
import { MAX_RESOURCE_TAGS } from '../../src/wire/limits.ts';
import { read } from './live-service.ts';
import { type Question, reasonOf, textOf } from './question.ts';

/** Questions about repositories, their catalog data, policies and resource tags. */
export const REPOSITORY_QUESTIONS = {
  // Asked first of its subject: the repository has no catalog data yet.
  absentCatalogData: async ({ ask }) => {
    const answer = await ask('GetRepositoryCatalogData');
    if (answer.code !== undefined) return { observed: answer.code };
    const text = JSON.stringify(answer.output.catalogData);
    return { observed: text === '{}' ? 'empty' : text };
  },
  catalogDataWithoutLogo: async ({ ask, must }) => {
    const logoImageBlob = readFileSync('fixtures/logo.png').toString('base64');
    await must('PutRepositoryCatalogData', { catalogData: { description: 'first', logoImageBlob } });
    await must('PutRepositoryCatalogData', { catalogData: { aboutText: 'second' } });
    const { output } = await ask('GetRepositoryCatalogData');
    const text = read(output, 'catalogData', 'description') === undefined ? 'replaced' : 'merged';
    const logo = read(output, 'catalogData', 'logoUrl') === undefined ? 'removed' : 'kept';
    const observed =
      text === 'replaced' && logo === 'kept'
        ? CHOICES.catalogDataWithoutLogo.value
        : `texts are ${text}, the logo is ${logo}`;
    return { observed };
  },
  emptyLogo: async ({ ask, must }) => {
    const logoImageBlob = readFileSync('fixtures/logo.png').toString('base64');
    await must('PutRepositoryCatalogData', { catalogData: { logoImageBlob } });
    const { code } = await ask('PutRepositoryCatalogData', { catalogData: { logoImageBlob: '' } });
    const { value, alternative } = CHOICES.emptyLogo;
    if (code !== undefined) return { observed: alternative };
    const { output } = await ask('GetRepositoryCatalogData');
    return { observed: read(output, 'catalogData', 'logoUrl') === undefined ? value : 'keeps the logo' };
  },
  invalidLogoReason: async ({ ask }) => {
    const logoImageBlob = Buffer.from('no image').toString('base64');
    return { observed: reasonOf(await ask('PutRepositoryCatalogData', { catalogData: { logoImageBlob } })) };
  },
  lockOutReason: async ({ ask }) => {
    const statement = {
      Sid: 'Nobody',
      Effect: 'Deny',
      Principal: '*',
      Action: 'ecr-public:SetRepositoryPolicy',
    };
    const policyText = JSON.stringify({ Version: '2008-10-17', Statement: [statement] });
    // It can be taken away again: DeleteRepositoryPolicy is another action.
    const answer = await ask('SetRepositoryPolicy', { policyText });
    if (answer.code === undefined) await ask('DeleteRepositoryPolicy');
    return { observed: reasonOf(answer) };
  },
  repositoryArn: async ({ repositoryArn }) => ({
    observed: /^arn:[^:]+:ecr-public::\d{12}:repository\//.test(repositoryArn)
      ? 'without a region'
      : repositoryArn,
  }),
  tooManyTagsText: async ({ call, repositoryArn }) => {
    const tags = Array.from({ length: MAX_RESOURCE_TAGS + 1 }, (_, index) => ({
      Key: `key-${index}`,
      Value: 'value',
    }));
    const answer = await call('TagResource', { resourceArn: repositoryArn, tags });
    const expected = CHOICES.tooManyTagsText.value(MAX_RESOURCE_TAGS);
    return { observed: textOf(answer, 'TooManyTagsException'), expected };
  },
  invalidTagText: async ({ call, repositoryArn }) => {
    const tags = [{ Key: 'aws:reserved', Value: 'value' }];
    const answer = await call('TagResource', { resourceArn: repositoryArn, tags });
    const expected = CHOICES.invalidTagText.value('aws:reserved');
    return { observed: textOf(answer, 'InvalidTagParameterException'), expected };
  },
  incompleteTagText: async ({ call, repositoryArn }) => {
    const answer = await call('TagResource', { resourceArn: repositoryArn, tags: [{ Key: 'alone' }] });
    return { observed: textOf(answer, 'InvalidTagParameterException') };
  },
} as const satisfies Readonly<Record<string, Question>>;
