import { describe, expect, it } from 'vitest';
import {
  findRegistryReferences,
  formatReference,
  formatRepository,
  parseReference,
  parseRepository,
} from '../../../src/oci/reference.ts';
import { catchError } from '../../support/catch-error.ts';

const HOST = 'public.ecr.aws';
const DIGEST = `sha256:${'0'.repeat(64)}`;

describe('parseReference', () => {
  it.each([
    ['app', { repositoryName: 'app' }],
    ['app:1.0', { repositoryName: 'app', imageTag: '1.0' }],
    ['team/app', { repositoryName: 'team/app' }],
    ['team/sub/app:v1', { repositoryName: 'team/sub/app', imageTag: 'v1' }],
    ['public.ecr.aws/a1b2c3d4/app', { registryAlias: 'a1b2c3d4', repositoryName: 'app' }],
    ['Public.ECR.aws/a1b2c3d4/app', { registryAlias: 'a1b2c3d4', repositoryName: 'app' }],
    [`app@${DIGEST}`, { repositoryName: 'app', imageDigest: DIGEST }],
    [`team/app:1@${DIGEST}`, { repositoryName: 'team/app', imageTag: '1', imageDigest: DIGEST }],
    [
      `public.ecr.aws/a1b2c3d4/app@${DIGEST}`,
      { registryAlias: 'a1b2c3d4', repositoryName: 'app', imageDigest: DIGEST },
    ],
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
    expect(parseReference(text, { registryHost: HOST })).toEqual({ registryHost: HOST, ...expected });
  });

  it('reads a registry host with a port as a host, not as a tag', () => {
    const registryHost = '127.0.0.1:5100';
    const reference = parseReference('127.0.0.1:5100/alias/app:1', { registryHost });
    expect(reference).toEqual({ registryHost, registryAlias: 'alias', repositoryName: 'app', imageTag: '1' });
    expect(formatReference(reference)).toBe('127.0.0.1:5100/alias/app:1');
  });

  it.each([
    ['ecr-public.aws.com', 'public.ecr.aws'],
    ['public.ecr.aws', 'ecr-public.aws.com'],
  ])('accepts %s for the registry %s, and keeps it as written', (written, registryHost) => {
    expect(formatReference(parseReference(`${written}/a1b2c3d4/app:1`, { registryHost }))).toBe(
      `${written}/a1b2c3d4/app:1`,
    );
  });

  it.each([
    ['123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/a__b--c:1', 'team/a__b--c'],
    ['123456789012.DKR.ecr.eu-west-1.amazonaws.com/app:1', 'app'],
  ])('reads %s as a repository of private ECR', (text, repositoryName) => {
    const registryHost = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
    const reference = parseReference(text, { registryHost: HOST });
    expect(reference).toMatchObject({ registryHost, repositoryName, imageTag: '1' });
    expect(reference.registryAlias).toBeUndefined();
    expect(reference.privateRegistry).toMatchObject({ registryId: '123456789012', region: 'eu-west-1' });
    expect(formatReference(reference)).toBe(`${registryHost}/${repositoryName}:1`);
  });

  it("reads an emulator's host as private ECR only where it is configured", async () => {
    const text = '127.0.0.1:5101/app:1';
    const privateHost = '127.0.0.1:5101';
    expect(parseReference(text, { registryHost: HOST, privateHost }).privateRegistry).toMatchObject({
      registryHost: privateHost,
    });
    const error = await catchError(() => parseReference(text, { registryHost: HOST }));
    expect(error.message).toContain('points at 127.0.0.1:5101');
  });

  it("accepts no name of AWS's registry for another registry", async () => {
    const error = await catchError(() =>
      parseReference('ecr-public.aws.com/a1/app', { registryHost: '127.0.0.1:5100' }),
    );
    expect(error.message).toContain('points at ecr-public.aws.com');
  });

  it.each([
    'robot:hunter2@public.ecr.aws/alias/app:1',
    'robot:hunter2@public.ecr.aws/alias/app',
    'robot:hun/hunter2@public.ecr.aws/alias/app',
    'https://robot:hunter2@public.ecr.aws/alias/app',
    'https://hunter2@public.ecr.aws',
    'oci://robot:hun\nhunter2@public.ecr.aws/alias/app',
    `robot:hunter2@public.ecr.aws/alias/app@${DIGEST}`,
  ])('repeats no password of %j', async (text) => {
    const error = await catchError(() => parseReference(text, { registryHost: HOST }));
    expect(error.code).toBe('USAGE');
    expect(error.message).toContain('user name or password');
    expect(`${error.message} ${error.hint}`).not.toContain('hunter2');
  });

  it.each([
    ['docker.io/library/app:1', /points at docker\.io/],
    ['123456789012.dkr.ecr.eu-west-1.amazonaws.com.example/app', /points at 123456789012\.dkr/],
    ['123456789012.dkr.ecr.eu-west-1.amazonaws.com/App', /not a repository name of private ECR/],
    ['123456789012.dkr.ecr.eu-west-1.amazonaws.com/', /not a repository name of private ECR/],
    [`123456789012.dkr.ecr.eu-west-1.amazonaws.com/${'a'.repeat(257)}`, /not a repository name/],
    ['localhost:5000/app', /points at localhost:5000/],
    ['localhost/app', /points at localhost,/],
    ['public.ecr.aws', /registry host alone/],
    ['public.ecr.aws/app:1', /names no registry alias/],
    ['public.ecr.aws/Alias/app', /not a registry alias/],
    ['public.ecr.aws/alias/', /not a repository name/],
    ['https://public.ecr.aws/alias/app', /is a URL/],
    ['oci://public.ecr.aws/alias/app', /is a URL/],
    ['app@', /"" is not a digest/],
    ['app@1.0', /"1\.0" is not a digest/],
    [`app@sha256:${'A'.repeat(64)}`, /is not a digest/],
    [`app@${DIGEST}@${DIGEST}`, /is not a digest/],
    [`@${DIGEST}`, /not a repository name/],
    ['arn:aws:ecr-public::123456789012:repository/team/app', /is an ARN/],
    ['https://gallery.ecr.aws/alias/app', /is a URL/],
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
    const error = await catchError(() => parseReference(text, { registryHost: HOST }));
    expect(error.code).toBe('USAGE');
    expect(error.message).toMatch(message);
    expect(error.hint).toBeTruthy();
  });
});

describe('parseRepository', () => {
  it.each([
    ['app', 'app'],
    ['public.ecr.aws/a1b2c3d4/team/app', 'public.ecr.aws/a1b2c3d4/team/app'],
    ['public.ecr.aws/123456789012/app', 'public.ecr.aws/123456789012/app'],
  ])('reads %s', (text, written) => {
    expect(formatRepository(parseRepository(text, { registryHost: HOST }))).toBe(written);
  });

  it.each([
    ['app:1.0', 'names an image', 'Write it without the tag: app'],
    [`app@${DIGEST}`, 'names an image', 'Write it without the digest: app'],
    [`${HOST}/a1b2c3d4/app:1`, 'names an image', `${HOST}/a1b2c3d4/app`],
    ['docker.io/library/app', 'points at docker.io', '--registry-host'],
    ['localhost:5000/app', 'points at localhost:5000', 'REPOSITORY'],
    ['App', 'not a repository name', 'lower case'],
  ])('refuses %s', async (text, message, hint) => {
    const error = await catchError(() => parseRepository(text, { registryHost: HOST }));
    expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining(message) });
    expect(error.hint).toContain(hint);
  });
});

describe('findRegistryReferences', () => {
  it('finds the names at the registry host', () => {
    const names = [
      'fixture/app:1',
      `${HOST}/a1b2c3d4/app:1.0`,
      `localhost/${HOST}/x:1`,
      `${HOST}/a1b2c3d4/app`,
      'ecr-public.aws.com/a1b2c3d4/app:2',
      `${HOST}/a1b2c3d4/app@${DIGEST}`,
    ];
    const references = findRegistryReferences(names, { registryHost: HOST });
    expect(references.map((reference) => formatReference(reference))).toEqual([
      'public.ecr.aws/a1b2c3d4/app:1.0',
      'public.ecr.aws/a1b2c3d4/app',
      'ecr-public.aws.com/a1b2c3d4/app:2',
    ]);
  });

  it('blames the archive for a bad name', async () => {
    const error = await catchError(() =>
      findRegistryReferences([`${HOST}/a1b2c3d4/App:1`], { registryHost: HOST }),
    );
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.message).toContain('"public.ecr.aws/a1b2c3d4/App:1"');
  });
});
