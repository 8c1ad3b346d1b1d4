import { describe, expect, it } from 'vitest';
import { findRegistryReferences, formatReference, parseReference } from '../../../src/oci/reference.ts';
import { catchError } from '../../support/catch-error.ts';

const HOST = 'public.ecr.aws';

describe('parseReference', () => {
  it.each([
    ['app', { repositoryName: 'app', imageTag: 'latest' }],
    ['app:1.0', { repositoryName: 'app', imageTag: '1.0' }],
    ['team/app', { repositoryName: 'team/app', imageTag: 'latest' }],
    ['team/sub/app:v1', { repositoryName: 'team/sub/app', imageTag: 'v1' }],
    ['public.ecr.aws/a1b2c3d4/app', { registryAlias: 'a1b2c3d4', repositoryName: 'app', imageTag: 'latest' }],
    [
      'public.ecr.aws/my-alias/team/app:2',
      { registryAlias: 'my-alias', repositoryName: 'team/app', imageTag: '2' },
    ],
    [
      'public.ecr.aws/123456789012/app:2',
      { registryAlias: '123456789012', repositoryName: 'app', imageTag: '2' },
    ],
    [
      `public.ecr.aws/docker/my.app:${'t'.repeat(128)}`,
      { registryAlias: 'docker', repositoryName: 'my.app', imageTag: 't'.repeat(128) },
    ],
  ])('reads %s', (text, expected) => {
    expect(parseReference(text, HOST)).toEqual(expected);
  });

  it('takes a registry host with a port as the host, not as a tag', () => {
    const reference = parseReference('127.0.0.1:5100/alias/app:1', '127.0.0.1:5100');
    expect(reference).toEqual({ registryAlias: 'alias', repositoryName: 'app', imageTag: '1' });
    expect(formatReference(reference, '127.0.0.1:5100')).toBe('127.0.0.1:5100/alias/app:1');
  });

  it.each([
    ['docker.io/library/app:1', /points at docker\.io/],
    ['123456789012.dkr.ecr.eu-west-1.amazonaws.com/app', /points at 123456789012\.dkr/],
    ['localhost:5000/app', /points at localhost:5000/],
    ['localhost/app', /points at localhost,/],
    ['public.ecr.aws', /registry host alone/],
    ['public.ecr.aws/app:1', /names no registry alias/],
    ['public.ecr.aws/Alias/app', /not a registry alias/],
    ['public.ecr.aws/alias/', /not a repository name/],
    ['https://public.ecr.aws/alias/app', /is a URL/],
    ['oci://public.ecr.aws/alias/app', /is a URL/],
    [`app@sha256:${'0'.repeat(64)}`, /names a digest/],
    [`app:1@sha256:${'0'.repeat(64)}`, /names a digest/],
    ['', /not a repository name/],
    ['App', /not a repository name/],
    ['a__b', /not a repository name/],
    ['/app', /not a repository name/],
    ['app/', /not a repository name/],
    ['app:', /not an image tag/],
    ['app:-1', /not an image tag/],
    ['app:a b', /not an image tag/],
    [`app:${'t'.repeat(129)}`, /not an image tag/],
    [`a${'b'.repeat(205)}`, /not a repository name/],
    [`${'a.'.repeat(50_000)}!`, /not a repository name/],
    ['app\n', /not a repository name/],
    ['app:1\n', /not an image tag/],
  ])('refuses %j', async (text, message) => {
    const error = await catchError(() => parseReference(text, HOST));
    expect(error.code).toBe('USAGE');
    expect(error.message).toMatch(message);
    expect(error.hint).toBeTruthy();
  });
});

describe('findRegistryReferences', () => {
  it('keeps what points at the registry host', () => {
    const names = [
      'fixture/app:1',
      `${HOST}/a1b2c3d4/app:1.0`,
      `localhost/${HOST}/x:1`,
      `${HOST}/a1b2c3d4/app`,
    ];
    const references = findRegistryReferences(names, HOST);
    expect(references.map((reference) => formatReference(reference, HOST))).toEqual([
      'public.ecr.aws/a1b2c3d4/app:1.0',
      'public.ecr.aws/a1b2c3d4/app:latest',
    ]);
  });

  it('blames the archive for a bad name', async () => {
    const error = await catchError(() => findRegistryReferences([`${HOST}/a1b2c3d4/App:1`], HOST));
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.message).toContain('"public.ecr.aws/a1b2c3d4/App:1"');
  });
});
