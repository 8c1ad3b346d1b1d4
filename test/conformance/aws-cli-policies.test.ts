import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isSamePolicy } from '../../src/policy/compare-policies.ts';
import { parsePolicy } from '../../src/policy/policy-text.ts';
import { runCli } from '../support/cli.ts';
import { callAws } from './support/aws.ts';
import { describeWithClients } from './support/clients.ts';
import { Sandbox } from './support/sandbox.ts';

// Policies, resource tags and the registry: what one of the aws CLI and ecrp makes, the other reads, field by field.

const [owner, guest] = ['123456789012', '210987654321'];

describeWithClients('the aws CLI and ecrp agree', ['aws'], () => {
  let sandbox: Sandbox;
  const home = mkdtempSync(join(tmpdir(), 'ecrp-test-'));
  beforeAll(async () => {
    sandbox = await Sandbox.start();
    await ecrp('repo', 'create', 'app');
  });
  afterAll(async () => {
    await sandbox.close();
    rmSync(home, { recursive: true });
  });

  async function aws(operation: string, ...options: readonly string[]): Promise<Record<string, unknown>> {
    const { stdout } = await callAws(sandbox, operation, ...options);
    return stdout === '' ? {} : JSON.parse(stdout);
  }

  async function ecrp(...argv: readonly string[]): Promise<Record<string, unknown>> {
    const { status, stdout, json } = await runCli([...argv, '--json'], { env: sandbox.env, cwd: home });
    if (status !== 0) throw new Error(stdout);
    const { schemaVersion, ...members } = json();
    expect(schemaVersion).toBe(1);
    return members;
  }

  test('policies', async () => {
    const one = ['--repository-name', 'app'];
    const text = JSON.stringify({
      Version: '2008-10-17',
      Statement: {
        Sid: 'Read',
        Effect: 'Allow',
        Principal: { AWS: guest },
        Action: 'ecr-public:DescribeImages',
      },
    });
    const set = await aws('set-repository-policy', ...one, '--policy-text', text);
    expect(await ecrp('policy', 'get', 'app')).toEqual({
      ...set,
      policy: parsePolicy(String(set.policyText)),
    });
    writeFileSync(join(home, 'policy.json'), text);
    expect(await ecrp('policy', 'set', 'app', '--policy', 'policy.json')).toMatchObject({
      status: 'unchanged',
    });

    const { policyText, registryId, repositoryName } = await ecrp('policy', 'grant', 'app', '--push', guest);
    const granted = await aws('get-repository-policy', ...one);
    expect(granted).toEqual({ policyText, registryId, repositoryName });
    // What the aws CLI reads, it can set, and that is no change for ecrp.
    await aws('set-repository-policy', ...one, '--policy-text', String(granted.policyText));
    expect(await ecrp('policy', 'grant', 'app', '--push', guest)).toMatchObject({ status: 'unchanged' });
    const revoked = await ecrp('policy', 'revoke', 'app', '--push', guest);
    expect(isSamePolicy(parsePolicy(String(revoked.policyText)), parsePolicy(text))).toBe(true);

    await aws('delete-repository-policy', ...one);
    expect(await ecrp('policy', 'delete', 'app')).toMatchObject({ status: 'unchanged' });
    const { policyText: made } = await ecrp('policy', 'set', 'app', '--policy', 'policy.json');
    expect(await aws('delete-repository-policy', ...one)).toMatchObject({ policyText: made });
  });

  test('resource tags', async () => {
    const arn = `arn:aws:ecr-public::${owner}:repository/app`;
    const where = ['--resource-arn', arn];
    await aws('tag-resource', ...where, '--tags', 'Key=team,Value=web', 'Key=stage,Value=dev');
    const { tags, ...others } = await ecrp('resource-tag', 'list', 'app');
    expect(others).toEqual({ repositoryName: 'app', repositoryArn: arn });
    const listed = await aws('list-tags-for-resource', ...where);
    expect({ tags }).toEqual(listed);
    const added = await ecrp('resource-tag', 'add', 'app', 'stage=prod', 'cost=a=b');
    expect(await aws('list-tags-for-resource', ...where)).toEqual({ tags: added.tags });
    await aws('untag-resource', ...where, '--tag-keys', 'team');
    const removed = await ecrp('resource-tag', 'remove', 'app', 'team', 'cost');
    expect(removed).toMatchObject({ tags: [{ Key: 'stage', Value: 'prod' }] });
    expect(await aws('list-tags-for-resource', ...where)).toEqual({ tags: removed.tags });
  });

  test('the registry', async () => {
    await aws('put-registry-catalog-data', '--display-name', 'Example Inc.');
    const { registries, registryCatalogData } = await ecrp('registry', 'describe');
    expect({ registries }).toEqual(await aws('describe-registries'));
    expect({ registryCatalogData }).toEqual(await aws('get-registry-catalog-data'));
    const set = await ecrp('registry', 'set', '--display-name', 'Ünïcode 😀');
    expect(set).toEqual({ ...(await aws('get-registry-catalog-data')), status: 'changed' });
    expect(set).toMatchObject({ registryCatalogData: { displayName: 'Ünïcode 😀' } });
  });
});
