import type { ExceptionName } from './exceptions.ts';
import type { Operation } from './model.ts';

// Source: AWS service model 2020-10-30 of ECR Public, as botocore 1.43.11 carries it; a conformance test compares.

/** Operations on repositories, their catalog data and policies. */
export const REPOSITORY_OPERATIONS = {
  CreateRepository: {
    input: {
      type: 'structure',
      required: ['repositoryName'],
      members: {
        repositoryName: 'RepositoryName',
        catalogData: 'RepositoryCatalogDataInput',
        tags: 'TagList',
      },
    },
    output: {
      type: 'structure',
      members: { repository: 'Repository', catalogData: 'RepositoryCatalogData' },
    },
    exceptions: [
      'ServerException',
      'InvalidParameterException',
      'InvalidTagParameterException',
      'TooManyTagsException',
      'RepositoryAlreadyExistsException',
      'LimitExceededException',
      'UnsupportedCommandException',
    ],
  },
  DescribeRepositories: {
    input: {
      type: 'structure',
      members: {
        registryId: 'RegistryId',
        repositoryNames: 'RepositoryNameList',
        nextToken: 'NextToken',
        maxResults: 'MaxResults',
      },
    },
    output: { type: 'structure', members: { repositories: 'RepositoryList', nextToken: 'NextToken' } },
    exceptions: [
      'ServerException',
      'InvalidParameterException',
      'RepositoryNotFoundException',
      'UnsupportedCommandException',
    ],
  },
  DeleteRepository: {
    input: {
      type: 'structure',
      required: ['repositoryName'],
      members: { registryId: 'RegistryId', repositoryName: 'RepositoryName', force: 'ForceFlag' },
    },
    output: { type: 'structure', members: { repository: 'Repository' } },
    exceptions: [
      'ServerException',
      'InvalidParameterException',
      'RepositoryNotFoundException',
      'RepositoryNotEmptyException',
      'UnsupportedCommandException',
    ],
  },
  GetRepositoryCatalogData: {
    input: {
      type: 'structure',
      required: ['repositoryName'],
      members: { registryId: 'RegistryId', repositoryName: 'RepositoryName' },
    },
    output: { type: 'structure', members: { catalogData: 'RepositoryCatalogData' } },
    exceptions: [
      'ServerException',
      'InvalidParameterException',
      'RepositoryCatalogDataNotFoundException',
      'RepositoryNotFoundException',
      'UnsupportedCommandException',
    ],
  },
  PutRepositoryCatalogData: {
    input: {
      type: 'structure',
      required: ['repositoryName', 'catalogData'],
      members: {
        registryId: 'RegistryId',
        repositoryName: 'RepositoryName',
        catalogData: 'RepositoryCatalogDataInput',
      },
    },
    output: { type: 'structure', members: { catalogData: 'RepositoryCatalogData' } },
    exceptions: [
      'ServerException',
      'InvalidParameterException',
      'RepositoryNotFoundException',
      'UnsupportedCommandException',
    ],
  },
  SetRepositoryPolicy: {
    input: {
      type: 'structure',
      required: ['repositoryName', 'policyText'],
      members: {
        registryId: 'RegistryId',
        repositoryName: 'RepositoryName',
        policyText: 'RepositoryPolicyText',
        force: 'ForceFlag',
      },
    },
    output: {
      type: 'structure',
      members: {
        registryId: 'RegistryId',
        repositoryName: 'RepositoryName',
        policyText: 'RepositoryPolicyText',
      },
    },
    exceptions: [
      'ServerException',
      'InvalidParameterException',
      'RepositoryNotFoundException',
      'UnsupportedCommandException',
    ],
  },
  GetRepositoryPolicy: {
    input: {
      type: 'structure',
      required: ['repositoryName'],
      members: { registryId: 'RegistryId', repositoryName: 'RepositoryName' },
    },
    output: {
      type: 'structure',
      members: {
        registryId: 'RegistryId',
        repositoryName: 'RepositoryName',
        policyText: 'RepositoryPolicyText',
      },
    },
    exceptions: [
      'ServerException',
      'InvalidParameterException',
      'RepositoryNotFoundException',
      'RepositoryPolicyNotFoundException',
      'UnsupportedCommandException',
    ],
  },
  DeleteRepositoryPolicy: {
    input: {
      type: 'structure',
      required: ['repositoryName'],
      members: { registryId: 'RegistryId', repositoryName: 'RepositoryName' },
    },
    output: {
      type: 'structure',
      members: {
        registryId: 'RegistryId',
        repositoryName: 'RepositoryName',
        policyText: 'RepositoryPolicyText',
      },
    },
    exceptions: [
      'ServerException',
      'InvalidParameterException',
      'RepositoryNotFoundException',
      'RepositoryPolicyNotFoundException',
      'UnsupportedCommandException',
    ],
  },
} as const satisfies Record<string, Operation<ExceptionName>>;

/** Operations on the registry, its tokens and catalog data, and the tags of its resources. */
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
} as const satisfies Record<string, Operation<ExceptionName>>;
