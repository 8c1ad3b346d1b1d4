import type { Operation } from './operation.ts';

// Source: AWS service model 2020-10-30 of ECR Public, as botocore 1.43.11 carries it; a conformance test compares.

/** The registry, its tokens and catalog data, and the tags of its resources. */
export const REGISTRY_OPERATIONS = {
  GetAuthorizationToken: {
    input: { type: 'structure', members: {} },
    output: { type: 'structure', members: { authorizationData: 'AuthorizationData' } },
    exceptions: ['ServerException', 'InvalidParameterException', 'UnsupportedCommandException'],
  },
  DescribeRegistries: {
    input: { type: 'structure', members: { nextToken: 'NextToken', maxResults: 'MaxResults' } },
    output: {
      type: 'structure',
      required: ['registries'],
      members: { registries: 'RegistryList', nextToken: 'NextToken' },
    },
    exceptions: ['InvalidParameterException', 'UnsupportedCommandException', 'ServerException'],
  },
  GetRegistryCatalogData: {
    input: { type: 'structure', members: {} },
    output: {
      type: 'structure',
      required: ['registryCatalogData'],
      members: { registryCatalogData: 'RegistryCatalogData' },
    },
    exceptions: ['ServerException', 'UnsupportedCommandException'],
  },
  PutRegistryCatalogData: {
    input: { type: 'structure', members: { displayName: 'RegistryDisplayName' } },
    output: {
      type: 'structure',
      required: ['registryCatalogData'],
      members: { registryCatalogData: 'RegistryCatalogData' },
    },
    exceptions: ['ServerException', 'InvalidParameterException', 'UnsupportedCommandException'],
  },
  TagResource: {
    input: {
      type: 'structure',
      required: ['resourceArn', 'tags'],
      members: { resourceArn: 'Arn', tags: 'TagList' },
    },
    output: { type: 'structure', members: {} },
    exceptions: [
      'InvalidParameterException',
      'InvalidTagParameterException',
      'TooManyTagsException',
      'RepositoryNotFoundException',
      'UnsupportedCommandException',
      'ServerException',
    ],
  },
  UntagResource: {
    input: {
      type: 'structure',
      required: ['resourceArn', 'tagKeys'],
      members: { resourceArn: 'Arn', tagKeys: 'TagKeyList' },
    },
    output: { type: 'structure', members: {} },
    exceptions: [
      'InvalidParameterException',
      'InvalidTagParameterException',
      'TooManyTagsException',
      'RepositoryNotFoundException',
      'UnsupportedCommandException',
      'ServerException',
    ],
  },
  ListTagsForResource: {
    input: { type: 'structure', required: ['resourceArn'], members: { resourceArn: 'Arn' } },
    output: { type: 'structure', members: { tags: 'TagList' } },
    exceptions: [
      'InvalidParameterException',
      'RepositoryNotFoundException',
      'UnsupportedCommandException',
      'ServerException',
    ],
  },
} as const satisfies Record<string, Operation>;
