import {
  BatchCheckLayerAvailabilityCommand,
  BatchDeleteImageCommand,
  CompleteLayerUploadCommand,
  DeleteRepositoryCommand,
  DeleteRepositoryPolicyCommand,
  DescribeImagesCommand,
  DescribeRepositoriesCommand,
  ECRPUBLICClient,
  GetAuthorizationTokenCommand,
  GetRepositoryPolicyCommand,
  InitiateLayerUploadCommand,
  ListTagsForResourceCommand,
  PutImageCommand,
  SetRepositoryPolicyCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UploadLayerPartCommand,
} from '@aws-sdk/client-ecr-public';
import { REQUESTS_PER_SECOND } from '../../wire/limits.ts';
import { type EcrClient, type EcrClientSettings, makeEcrClient } from '../client.ts';
import type { SharedOperations } from '../operations.ts';
import { changeRequest } from '../shared-middleware.ts';

/** Makes a client of ECR Public. Sends nothing yet. */
export function createEcrClient(settings: EcrClientSettings): EcrClient {
  return makeEcrClient(settings, (config) => {
    const sdk = new ECRPUBLICClient(config);
    return {
      service: { kind: 'public', sdk },
      operations: bindPublicOperations(sdk),
      quotas: REQUESTS_PER_SECOND,
    };
  });
}

function bindPublicOperations(sdk: ECRPUBLICClient): SharedOperations {
  return {
    batchCheckLayerAvailability: (input, options) =>
      sdk.send(new BatchCheckLayerAvailabilityCommand(input), options),
    initiateLayerUpload: (input, options) => sdk.send(new InitiateLayerUploadCommand(input), options),
    uploadLayerPart: (input, options, change) => {
      const command = new UploadLayerPartCommand(input);
      if (change !== undefined) changeRequest(command, change);
      return sdk.send(command, options);
    },
    completeLayerUpload: (input, options) => sdk.send(new CompleteLayerUploadCommand(input), options),
    putImage: (input, options) => sdk.send(new PutImageCommand(input), options),
    describeImages: (input, options) => sdk.send(new DescribeImagesCommand(input), options),
    batchDeleteImage: (input, options) => sdk.send(new BatchDeleteImageCommand(input), options),
    describeRepositories: (input, options) => sdk.send(new DescribeRepositoriesCommand(input), options),
    deleteRepository: (input, options) => sdk.send(new DeleteRepositoryCommand(input), options),
    getRepositoryPolicy: (input, options) => sdk.send(new GetRepositoryPolicyCommand(input), options),
    setRepositoryPolicy: (input, options) => sdk.send(new SetRepositoryPolicyCommand(input), options),
    deleteRepositoryPolicy: (input, options) => sdk.send(new DeleteRepositoryPolicyCommand(input), options),
    listTagsForResource: (input, options) => sdk.send(new ListTagsForResourceCommand(input), options),
    tagResource: (input, options) => sdk.send(new TagResourceCommand(input), options),
    untagResource: (input, options) => sdk.send(new UntagResourceCommand(input), options),
    getAuthorizationToken: (_input, options) => sdk.send(new GetAuthorizationTokenCommand({}), options),
  };
}
