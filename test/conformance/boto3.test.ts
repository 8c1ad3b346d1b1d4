import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeUnlessMissing, NEW_BOTO3 } from './support/clients.ts';
import { Sandbox } from './support/sandbox.ts';

const program = join(import.meta.dirname, 'support', 'boto3-private.py');

/** True for a boto3 that knows the newest operation of private ECR that the emulator serves. */
function hasBoto3(): boolean {
  const check =
    "import boto3; boto3.client('ecr', region_name='us-east-1').list_image_referrers and print('yes')";
  try {
    const stdio = ['ignore', 'pipe', 'ignore'] as const;
    return execFileSync('python3', ['-c', check], { encoding: 'utf8', stdio: [...stdio] }).trim() === 'yes';
  } catch {
    return false;
  }
}

const missing = hasBoto3() ? [] : [NEW_BOTO3];
describeUnlessMissing('boto3 and private ECR', missing, () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await Sandbox.start('--private-port', '0');
  });
  afterAll(() => sandbox.close());

  test('a program pushes, reads and lists, with newer operations too', async () => {
    const input = 'the text of a layer';
    const { status, stdout, stderr } = await sandbox.tryRun('python3', [program], { input });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      mutability: 'IMMUTABLE',
      prefixes: ['made'],
      tags: ['v0', 'v1', 'v2', 'v3', 'v4'],
      subjects: [false, true, true, true],
      statuses: ['ACTIVE'],
      referrers: ['0', '1', '2'].map((number) => ['application/x.sig', number]),
      settings: ['DISABLED', 'ENABLED', 'ENABLED'],
      downloads: [
        [200, input],
        [206, 'ayer'],
        [400, ''],
      ],
      refusals: [
        'ImageTagAlreadyExistsException',
        'LifecyclePolicyNotFoundException',
        'TemplateNotFoundException',
        'TemplateAlreadyExistsException',
        'RepositoryNotFoundException',
        'ValidationException',
      ],
    });
  });
});
