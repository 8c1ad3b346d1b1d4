import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { CHOICES } from '../../src/emulator/choices.ts';
import { readIdentities } from '../../src/emulator/identity-file.ts';
import type { EmulatorOptions } from '../../src/emulator/server.ts';
import { callApi } from '../support/call-api.ts';
import { makeHome } from '../support/cli.ts';
import { startTestEmulator } from '../support/emulator.ts';
import { callLive, type LivePlace } from './live-service.ts';
import { TOPICS, type Topic } from './questions.ts';
import { writeReport } from './report.ts';
import { runQuestions } from './run-questions.ts';

// `npm run test:live` with the emulator as the service.

async function startService(options: EmulatorOptions = {}) {
  const emulator = await startTestEmulator(options);
  onTestFinished(() => emulator.close());
  const home = await makeHome();
  onTestFinished(() => home.remove());
  const pauses: number[] = [];
  const place: LivePlace = {
    signer: emulator,
    registryUrl: `http://${emulator.registryHost}`,
    env: { ...home.env, ...emulator.env },
    pause: async (ms) => {
      pauses.push(ms);
    },
  };
  const listRepositories = async () => {
    const { repositories = [] } = await callApi(emulator, 'DescribeRepositories');
    return repositories.map(({ repositoryName }) => repositoryName);
  };
  return { emulator, place, pauses, listRepositories };
}

const facts = {
  endpoint: 'https://api.example.com',
  registryHost: 'example.com',
  version: '0.0.0',
  date: new Date('2026-01-02T03:04:05Z'),
};
const named = (...names: readonly string[]) => TOPICS.filter(({ name }) => names.includes(name));
const answer = (name: string, question: Topic['question']): Topic => ({
  name,
  choice: CHOICES.partBytes,
  question,
});

describe('a run against a service that decides like the emulator', async () => {
  test('confirms every choice that has a question, and leaves nothing behind', async () => {
    const { emulator, place, listRepositories } = await startService();
    const run = await runQuestions(place, TOPICS);
    expect(run.results.filter(({ verdict }) => verdict === 'differs')).toEqual([]);
    const undecided = run.results.filter(({ verdict }) => verdict === 'undecided');
    expect(undecided.map(({ topic, reason }) => [topic.name, reason])).toEqual(
      TOPICS.filter(({ question }) => typeof question === 'string').map(({ name, question }) => [
        name,
        question,
      ]),
    );
    expect(run.results.map(({ topic }) => topic.name)).toEqual(expect.arrayContaining(Object.keys(CHOICES)));
    expect(run.left).toBeUndefined();
    expect(await listRepositories()).toEqual([]);

    const report = writeReport(run, facts);
    expect(report).toContain(' 0 differ, 16 undecided.');
    expect(report).toContain('The repository of this run is deleted.');
    expect(report).toContain('| partBytes | 10485760 | sample of private; quotas page |');
    for (const secret of [
      emulator.secretAccessKey,
      emulator.accessKeyId,
      emulator.registryId,
      emulator.registryAlias,
    ]) {
      expect(report).not.toContain(secret);
    }
  });

  test('reports where a service decides otherwise', async () => {
    const { place } = await startService({ registryMode: 'oci' });
    const names = [
      'registryPatchStatus',
      'registryPatchRangeAdvances',
      'registryRefusesBlobHeads',
      'registryInvalidTokenStatus',
      'registryDigestHeaderOnGet',
      'registryListsRepositories',
      'wholeBlobInPost',
      'mountedBlob',
    ];
    const run = await runQuestions(place, named('partBytes', 'registryDeleteStatus', ...names));
    const found = run.results.map(({ topic, verdict, observed }) => [topic.name, verdict, observed]);
    expect(found).toEqual([
      ['partBytes', 'confirmed', 10_485_760],
      ['registryPatchStatus', 'differs', 202],
      ['registryPatchRangeAdvances', 'differs', true],
      ['registryRefusesBlobHeads', 'differs', false],
      ['registryInvalidTokenStatus', 'differs', 401],
      ['registryDigestHeaderOnGet', 'differs', true],
      ['registryListsRepositories', 'differs', true],
      ['registryDeleteStatus', 'confirmed', 202],
      ['wholeBlobInPost', 'differs', '201'],
      ['mountedBlob', 'differs', '201'],
    ]);
    const report = writeReport(run, facts);
    expect(report).toContain('2 confirmed, 8 differ, 0 undecided.');
    expect(report).toContain('| registryPatchStatus | 202 | 201 | recorded from private |');
  });
});

describe('a run that goes wrong', () => {
  test('goes on after a question that fails, and deletes the repository', async () => {
    const { place, listRepositories } = await startService({
      faults: ['InitiateLayerUpload error ServerException'],
    });
    const run = await runQuestions(place, named('partBytes', 'unknownLayer'));
    expect(run.results.map(({ verdict, reason }) => [verdict, reason])).toEqual([
      ['confirmed', undefined],
      ['undecided', expect.stringContaining('InitiateLayerUpload: ServerException')],
    ]);
    expect(await listRepositories()).toEqual([]);
  });

  test('deletes the repository if it cannot ask', async () => {
    const { place, listRepositories } = await startService({
      identities: readIdentities(
        JSON.stringify({
          accessKeyId: 'AKIALIMITED',
          secretAccessKey: 'limited',
          allowedActions: ['ecr-public:*Repositor*'],
        }),
      ),
    });
    await expect(runQuestions(place, named('partBytes'))).rejects.toThrow(
      /^GetAuthorizationToken: AccessDeniedException: (?!.* is left)/,
    );
    expect(await listRepositories()).toEqual([]);
  });

  test('says what is left if the repository cannot be deleted', async () => {
    const { place, listRepositories } = await startService({
      faults: ['DeleteRepository error ServerException'],
    });
    const run = await runQuestions(place, named('partBytes'));
    expect(run.left).toContain('ServerException');
    expect(await listRepositories()).toEqual([run.repositoryName]);
    expect(writeReport(run, facts)).toContain(`ecrp repo delete ${run.repositoryName} --force --yes`);
  });

  test('stops before the next question when it is interrupted, and deletes the repository', async () => {
    const { place, listRepositories } = await startService();
    const interruption = new AbortController();
    const stop = answer('stop', async () => {
      interruption.abort();
      return { observed: 10_485_760 };
    });
    const run = await runQuestions(place, [stop, ...named('partBytes')], { signal: interruption.signal });
    expect(run.results.map(({ verdict }) => verdict)).toEqual(['confirmed', 'undecided']);
    expect(await listRepositories()).toEqual([]);
  });

  test('waits when it is throttled', async () => {
    const { place, pauses } = await startService({
      faults: ['DescribeRegistries throttle on=1', 'DescribeRegistries throttle on=2'],
    });
    expect(await callLive(place, 'DescribeRegistries', {})).toMatchObject({ status: 200, code: undefined });
    expect(pauses).toEqual([500, 1000]);
  });
});

test('without ECRP_LIVE=1, npm run test:live calls nothing and says how to run it', async () => {
  const { emulator } = await startService();
  const program = join(import.meta.dirname, 'run.js');
  const env = { PATH: process.env.PATH, ...emulator.env };
  const failed = await promisify(execFile)(process.execPath, [program], { env }).catch(
    (error: unknown) => error,
  );
  expect(failed).toMatchObject({ code: 2, stdout: expect.stringContaining('ECRP_LIVE=1 npm run test:live') });
  expect(emulator.requests).toEqual([]);
});
