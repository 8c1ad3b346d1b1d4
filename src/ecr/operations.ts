import type * as privateSdk from '@aws-sdk/client-ecr';
import type * as publicSdk from '@aws-sdk/client-ecr-public';

/** Sends one request and returns the answer as the SDK reads it. `answers.ts` checks what the SDK does not. */
type Send<Input, Output> = (input: Input, options: SendOptions) => Promise<Output>;

export interface SendOptions {
  readonly abortSignal: AbortSignal;
}

/** An HTTP request of the SDK, before it is signed. */
export interface UnsignedRequest {
  body: unknown;
  readonly headers: Record<string, string>;
}

/** The operations that both services have, with the members that both know. */
export interface SharedOperations {
  readonly batchCheckLayerAvailability: Send<
    publicSdk.BatchCheckLayerAvailabilityCommandInput,
    publicSdk.BatchCheckLayerAvailabilityCommandOutput | privateSdk.BatchCheckLayerAvailabilityCommandOutput
  >;
  readonly initiateLayerUpload: Send<
    publicSdk.InitiateLayerUploadCommandInput,
    publicSdk.InitiateLayerUploadCommandOutput
  >;
  /** `change` gets the request after serialisation, and before its length and signature are computed. */
  readonly uploadLayerPart: (
    input: publicSdk.UploadLayerPartCommandInput,
    options: SendOptions,
    change?: (request: UnsignedRequest) => void,
  ) => Promise<publicSdk.UploadLayerPartCommandOutput>;
  readonly completeLayerUpload: Send<
    publicSdk.CompleteLayerUploadCommandInput,
    publicSdk.CompleteLayerUploadCommandOutput
  >;
  readonly putImage: Send<publicSdk.PutImageCommandInput, publicSdk.PutImageCommandOutput>;
  readonly describeImages: Send<
    publicSdk.DescribeImagesCommandInput,
    publicSdk.DescribeImagesCommandOutput | privateSdk.DescribeImagesCommandOutput
  >;
  readonly batchDeleteImage: Send<
    publicSdk.BatchDeleteImageCommandInput,
    publicSdk.BatchDeleteImageCommandOutput | privateSdk.BatchDeleteImageCommandOutput
  >;
  readonly describeRepositories: Send<
    publicSdk.DescribeRepositoriesCommandInput,
    publicSdk.DescribeRepositoriesCommandOutput | privateSdk.DescribeRepositoriesCommandOutput
  >;
  readonly deleteRepository: Send<
    publicSdk.DeleteRepositoryCommandInput,
    publicSdk.DeleteRepositoryCommandOutput | privateSdk.DeleteRepositoryCommandOutput
  >;
  readonly getRepositoryPolicy: Send<
    publicSdk.GetRepositoryPolicyCommandInput,
    publicSdk.GetRepositoryPolicyCommandOutput
  >;
  readonly setRepositoryPolicy: Send<
    publicSdk.SetRepositoryPolicyCommandInput,
    publicSdk.SetRepositoryPolicyCommandOutput
  >;
  readonly deleteRepositoryPolicy: Send<
    publicSdk.DeleteRepositoryPolicyCommandInput,
    publicSdk.DeleteRepositoryPolicyCommandOutput
  >;
  readonly listTagsForResource: Send<
    publicSdk.ListTagsForResourceCommandInput,
    publicSdk.ListTagsForResourceCommandOutput | privateSdk.ListTagsForResourceCommandOutput
  >;
  /** Each tag needs a value. */
  readonly tagResource: Send<privateSdk.TagResourceCommandInput, publicSdk.TagResourceCommandOutput>;
  readonly untagResource: Send<publicSdk.UntagResourceCommandInput, publicSdk.UntagResourceCommandOutput>;
  /** Of private ECR, which gives a list, this is the first item: the token opens every registry that the caller may use. */
  readonly getAuthorizationToken: Send<
    Record<string, never>,
    Omit<publicSdk.GetAuthorizationTokenCommandOutput, 'authorizationData'> & {
      readonly authorizationData?: publicSdk.AuthorizationData | privateSdk.AuthorizationData | undefined;
    }
  >;
}
