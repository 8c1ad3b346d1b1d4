import type { Operation } from '../model.ts';
import type { PrivateExceptionName } from './exceptions.ts';

// Source: AWS service model 2015-09-21 of private ECR, as botocore 1.43.11 carries it; a conformance test compares.

/** Operations on repositories, their policies and settings. */
export const PRIVATE_REPOSITORY_OPERATIONS = {
  CreateRepository: {
    input: {
      type: 'structure',
      required: ['repositoryName'],
      members: {
        registryId: 'RegistryId',
        repositoryName: 'RepositoryName',
        tags: 'TagList',
        imageTagMutability: 'ImageTagMutability',
        imageTagMutabilityExclusionFilters: 'ImageTagMutabilityExclusionFilters',
        imageScanningConfiguration: 'ImageScanningConfiguration',
        encryptionConfiguration: 'EncryptionConfiguration',
      },
    },
    output: { type: 'structure', members: { repository: 'Repository' } },
    exceptions: [
      'ServerException',
      'InvalidParameterException',
      'InvalidTagParameterException',
      'TooManyTagsException',
      'RepositoryAlreadyExistsException',
      'LimitExceededException',
      'KmsException',
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
    exceptions: ['ServerException', 'InvalidParameterException', 'RepositoryNotFoundException'],
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
      'KmsException',
    ],
  },
  PutImageTagMutability: {
    input: {
      type: 'structure',
      required: ['repositoryName', 'imageTagMutability'],
      members: {
        registryId: 'RegistryId',
        repositoryName: 'RepositoryName',
        imageTagMutability: 'ImageTagMutability',
        imageTagMutabilityExclusionFilters: 'ImageTagMutabilityExclusionFilters',
      },
    },
    output: {
      type: 'structure',
      members: {
        registryId: 'RegistryId',
        repositoryName: 'RepositoryName',
        imageTagMutability: 'ImageTagMutability',
        imageTagMutabilityExclusionFilters: 'ImageTagMutabilityExclusionFilters',
      },
    },
    exceptions: ['ServerException', 'InvalidParameterException', 'RepositoryNotFoundException'],
  },
  PutImageScanningConfiguration: {
    input: {
      type: 'structure',
      required: ['repositoryName', 'imageScanningConfiguration'],
      members: {
        registryId: 'RegistryId',
        repositoryName: 'RepositoryName',
        imageScanningConfiguration: 'ImageScanningConfiguration',
      },
    },
    output: {
      type: 'structure',
      members: {
        registryId: 'RegistryId',
        repositoryName: 'RepositoryName',
        imageScanningConfiguration: 'ImageScanningConfiguration',
      },
    },
    exceptions: [
      'ServerException',
      'InvalidParameterException',
      'RepositoryNotFoundException',
      'ValidationException',
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
    exceptions: ['ServerException', 'InvalidParameterException', 'RepositoryNotFoundException'],
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
    ],
  },
  PutLifecyclePolicy: {
    input: {
      type: 'structure',
      required: ['repositoryName', 'lifecyclePolicyText'],
      members: {
        registryId: 'RegistryId',
        repositoryName: 'RepositoryName',
        lifecyclePolicyText: 'LifecyclePolicyText',
      },
    },
    output: {
      type: 'structure',
      members: {
        registryId: 'RegistryId',
        repositoryName: 'RepositoryName',
        lifecyclePolicyText: 'LifecyclePolicyText',
      },
    },
    exceptions: [
      'ServerException',
      'InvalidParameterException',
      'RepositoryNotFoundException',
      'ValidationException',
    ],
  },
  GetLifecyclePolicy: {
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
        lifecyclePolicyText: 'LifecyclePolicyText',
        lastEvaluatedAt: 'EvaluationTimestamp',
      },
    },
    exceptions: [
      'ServerException',
      'InvalidParameterException',
      'RepositoryNotFoundException',
      'LifecyclePolicyNotFoundException',
      'ValidationException',
    ],
  },
  DeleteLifecyclePolicy: {
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
        lifecyclePolicyText: 'LifecyclePolicyText',
        lastEvaluatedAt: 'EvaluationTimestamp',
      },
    },
    exceptions: [
      'ServerException',
      'InvalidParameterException',
      'RepositoryNotFoundException',
      'LifecyclePolicyNotFoundException',
      'ValidationException',
    ],
  },
} as const satisfies Record<string, Operation<PrivateExceptionName>>;
