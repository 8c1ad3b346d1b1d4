import type { Operation } from '../model.ts';
import type { PrivateExceptionName } from './exceptions.ts';

// Source: AWS service model 2015-09-21 of private ECR, as botocore 1.43.11 carries it; a conformance test compares.

/** Operations on the registry, its tokens, settings and templates, and the tags of its resources. */
export const PRIVATE_REGISTRY_OPERATIONS = {
  GetAuthorizationToken: {
    input: { type: 'structure', members: { registryIds: 'GetAuthorizationTokenRegistryIdList' } },
    output: { type: 'structure', members: { authorizationData: 'AuthorizationDataList' } },
    exceptions: ['ServerException', 'InvalidParameterException'],
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
      'ServerException',
    ],
  },
  ListTagsForResource: {
    input: { type: 'structure', required: ['resourceArn'], members: { resourceArn: 'Arn' } },
    output: { type: 'structure', members: { tags: 'TagList' } },
    exceptions: ['InvalidParameterException', 'RepositoryNotFoundException', 'ServerException'],
  },
  GetAccountSetting: {
    input: { type: 'structure', required: ['name'], members: { name: 'AccountSettingName' } },
    output: { type: 'structure', members: { name: 'AccountSettingName', value: 'AccountSettingName' } },
    exceptions: ['ServerException', 'ValidationException', 'InvalidParameterException'],
  },
  PutAccountSetting: {
    input: {
      type: 'structure',
      required: ['name', 'value'],
      members: { name: 'AccountSettingName', value: 'AccountSettingValue' },
    },
    output: { type: 'structure', members: { name: 'AccountSettingName', value: 'AccountSettingValue' } },
    exceptions: [
      'ServerException',
      'ValidationException',
      'InvalidParameterException',
      'LimitExceededException',
    ],
  },
  CreateRepositoryCreationTemplate: {
    input: {
      type: 'structure',
      required: ['prefix', 'appliedFor'],
      members: {
        prefix: 'Prefix',
        description: 'RepositoryTemplateDescription',
        encryptionConfiguration: 'EncryptionConfigurationForRepositoryCreationTemplate',
        resourceTags: 'TagList',
        imageTagMutability: 'ImageTagMutability',
        imageTagMutabilityExclusionFilters: 'ImageTagMutabilityExclusionFilters',
        repositoryPolicy: 'RepositoryPolicyText',
        lifecyclePolicy: 'LifecyclePolicyTextForRepositoryCreationTemplate',
        appliedFor: 'RCTAppliedForList',
        customRoleArn: 'CustomRoleArn',
      },
    },
    output: {
      type: 'structure',
      members: { registryId: 'RegistryId', repositoryCreationTemplate: 'RepositoryCreationTemplate' },
    },
    exceptions: [
      'ServerException',
      'ValidationException',
      'InvalidParameterException',
      'LimitExceededException',
      'TemplateAlreadyExistsException',
    ],
  },
  DescribeRepositoryCreationTemplates: {
    input: {
      type: 'structure',
      members: { prefixes: 'PrefixList', nextToken: 'NextToken', maxResults: 'MaxResults' },
    },
    output: {
      type: 'structure',
      members: {
        registryId: 'RegistryId',
        repositoryCreationTemplates: 'RepositoryCreationTemplateList',
        nextToken: 'NextToken',
      },
    },
    exceptions: ['ServerException', 'ValidationException', 'InvalidParameterException'],
  },
  DeleteRepositoryCreationTemplate: {
    input: { type: 'structure', required: ['prefix'], members: { prefix: 'Prefix' } },
    output: {
      type: 'structure',
      members: { registryId: 'RegistryId', repositoryCreationTemplate: 'RepositoryCreationTemplate' },
    },
    exceptions: [
      'ServerException',
      'ValidationException',
      'InvalidParameterException',
      'TemplateNotFoundException',
    ],
  },
} as const satisfies Record<string, Operation<PrivateExceptionName>>;
