import { afterAll, expect, it } from 'vitest';
import { askCallerIdentity } from '../../../src/ecr/caller-identity.ts';
import { createEcrClient } from '../../../src/ecr/public/client.ts';
import { startAnsweringServer, staySilent } from '../../support/answering-server.ts';

const { host, env } = await startAnsweringServer(staySilent);
const client = createEcrClient({ endpointUrl: `http://${host}`, env });
afterAll(() => client.close());

it('is not waited for longer than its question allows', async () => {
  const question = {
    profile: undefined,
    env: { ...env, AWS_ENDPOINT_URL_STS: `http://${host}` },
    region: 'us-east-1',
    clockOffsetMs: 0,
    mostMs: 1,
  };
  await expect(askCallerIdentity(client, question, new AbortController().signal)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining(`no complete answer from http://${host}`),
  });
});
