import { describe, expect, test } from 'vitest';
import {
  findLoginKey,
  findRequestHost,
  formatImageAddress,
  parseImageAddress,
} from '../../../src/oci/image-address.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}` as const;

describe('the address of an image', () => {
  test.each([
    ['docker.io/alpine', { registryHost: 'docker.io', repositoryPath: 'library/alpine' }],
    ['index.docker.io/alpine', { registryHost: 'docker.io', repositoryPath: 'library/alpine' }],
    [
      'docker.io/grafana/loki:3',
      { registryHost: 'docker.io', repositoryPath: 'grafana/loki', imageTag: '3' },
    ],
    ['ghcr.io/o/r/app:v1', { registryHost: 'ghcr.io', repositoryPath: 'o/r/app', imageTag: 'v1' }],
    ['GHCR.io/o/app', { registryHost: 'ghcr.io', repositoryPath: 'o/app' }],
    [
      'registry.k8s.io/pause:3.9',
      { registryHost: 'registry.k8s.io', repositoryPath: 'pause', imageTag: '3.9' },
    ],
    ['localhost/app', { registryHost: 'localhost', repositoryPath: 'app' }],
    ['127.0.0.1:5000/a/b', { registryHost: '127.0.0.1:5000', repositoryPath: 'a/b' }],
    ['[::1]:5000/app:x', { registryHost: '[::1]:5000', repositoryPath: 'app', imageTag: 'x' }],
    [
      `quay.io/a/b__c--d:v@${DIGEST}`,
      { registryHost: 'quay.io', repositoryPath: 'a/b__c--d', imageTag: 'v', imageDigest: DIGEST },
    ],
    [
      '123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app:1',
      {
        registryHost: '123456789012.dkr.ecr.eu-west-1.amazonaws.com',
        repositoryPath: 'team/app',
        imageTag: '1',
        privateRegistry: expect.objectContaining({ registryId: '123456789012', region: 'eu-west-1' }),
      },
    ],
  ])('%s is read as docker reads it', (text, address) => {
    expect(parseImageAddress(text, { registryHost: 'public.ecr.aws' })).toEqual(address);
  });

  test.each([
    ['team/app:v1', { repositoryPath: 'team/app', imageTag: 'v1', lacksAlias: true }],
    [`app@${DIGEST}`, { repositoryPath: 'app', imageDigest: DIGEST, lacksAlias: true }],
    ['public.ecr.aws/a1b2c3d4/app', { repositoryPath: 'a1b2c3d4/app' }],
  ])('%s is of ECR Public', (text, address) => {
    expect(parseImageAddress(text, { registryHost: 'public.ecr.aws' })).toEqual({
      registryHost: 'public.ecr.aws',
      ...address,
    });
  });

  test('ECR Public is any other registry where the own one is elsewhere', () => {
    expect(
      parseImageAddress('public.ecr.aws/docker/library/alpine:3', { registryHost: '127.0.0.1:5100' }),
    ).toEqual({
      registryHost: 'public.ecr.aws',
      repositoryPath: 'docker/library/alpine',
      imageTag: '3',
    });
  });

  test.each([
    `docker.io/library/alpine:3.20@${DIGEST}`,
    'ghcr.io/o/app',
    'team/app:v1',
    'public.ecr.aws/a1b2c3d4/app',
  ])('%s is formatted as it was read', (text) => {
    expect(formatImageAddress(parseImageAddress(text, { registryHost: 'public.ecr.aws' }))).toBe(text);
  });

  test.each([
    ['docker.io/', 'is not the name of a repository', 'HOST/REPOSITORY:TAG'],
    ['ghcr.io/Owner/app', 'is not the name of a repository', 'lower case'],
    ['ghcr.io/a//b', 'is not the name of a repository', 'HOST/REPOSITORY:TAG'],
    [`ghcr.io/${'a/'.repeat(130)}b`, 'is not the name of a repository', 'HOST/REPOSITORY:TAG'],
    ['ghcr.io/a/b:-x', 'is not an image tag', 'Use 1 to 128'],
    ['ghcr.io/a/b@sha512:00', 'is not a digest', 'Write sha256:'],
    ['a..b/c', 'is not a host', 'HOST/REPOSITORY:TAG'],
    ['docker://ghcr.io/a/b', 'is a URL', 'ghcr.io/a/b'],
    ['me:secret@ghcr.io/a/b', 'user name or password', 'without it'],
    ['ghcr.io/a/../b', 'is not the name of a repository', 'HOST/REPOSITORY:TAG'],
    ['ghcr.io/a?x', 'is not the name of a repository', 'HOST/REPOSITORY:TAG'],
  ])('%s is refused', (text, message, hint) => {
    const parse = () => parseImageAddress(text, { registryHost: 'public.ecr.aws' });
    expect(parse).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        message: expect.stringContaining(message),
        hint: expect.stringContaining(hint),
      }),
    );
    expect(parse).not.toThrow(/secret/);
  });
});

test('Docker Hub has another host for requests and another key for logins', () => {
  expect([findRequestHost('docker.io'), findLoginKey('docker.io')]).toEqual([
    'registry-1.docker.io',
    'https://index.docker.io/v1/',
  ]);
  expect([findRequestHost('ghcr.io'), findLoginKey('ghcr.io')]).toEqual(['ghcr.io', 'ghcr.io']);
});
