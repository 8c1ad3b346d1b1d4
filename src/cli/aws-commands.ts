import type { OperationName } from '../wire/operations.ts';
import type { PrivateOperationName } from '../wire/private/operations.ts';

/** What does the work of each operation of the API: `aws ecr-public` names its commands after them. */
const COMMANDS: Readonly<Record<OperationName, string>> = {
  BatchCheckLayerAvailability: 'ecrp push',
  BatchDeleteImage: 'ecrp image delete',
  CompleteLayerUpload: 'ecrp push',
  CreateRepository: 'ecrp repo create',
  DeleteRepository: 'ecrp repo delete',
  DeleteRepositoryPolicy: 'ecrp policy delete',
  DescribeImages: 'ecrp image list',
  DescribeImageTags: 'ecrp image list --tags',
  DescribeRegistries: 'ecrp registry describe',
  DescribeRepositories: 'ecrp repo list',
  GetAuthorizationToken: 'ecrp token',
  GetRegistryCatalogData: 'ecrp registry describe',
  GetRepositoryCatalogData: 'ecrp catalog get',
  GetRepositoryPolicy: 'ecrp policy get',
  InitiateLayerUpload: 'ecrp push',
  ListTagsForResource: 'ecrp resource-tag list',
  PutImage: 'ecrp push',
  PutRegistryCatalogData: 'ecrp registry set',
  PutRepositoryCatalogData: 'ecrp catalog set',
  SetRepositoryPolicy: 'ecrp policy set',
  TagResource: 'ecrp resource-tag add',
  UntagResource: 'ecrp resource-tag remove',
  UploadLayerPart: 'ecrp push',
};

/** The same of operations that private ECR has beside those of ECR Public: `aws ecr` names its commands after them. */
const PRIVATE_COMMANDS: Readonly<Partial<Record<PrivateOperationName, string>>> = {
  DeleteLifecyclePolicy: 'ecrp lifecycle delete',
  GetLifecyclePolicy: 'ecrp lifecycle get',
  ListImages: 'ecrp image list',
  PutImageScanningConfiguration: 'ecrp repo create --update --scan-on-push',
  PutImageTagMutability: 'ecrp repo create --update --immutable-tags',
  PutLifecyclePolicy: 'ecrp lifecycle set',
};

const BY_AWS_NAME: ReadonlyMap<string, string> = new Map([
  ...Object.entries({ ...PRIVATE_COMMANDS, ...COMMANDS }).map(([operation, command]): [string, string] => [
    hyphenate(operation),
    command,
  ]),
  // Of the aws CLI alone: the API has no such operation.
  ['get-login-password', 'ecrp login --password-stdout'],
]);

/** Finds the command that replaces one of `aws ecr-public` or `aws ecr`, such as `describe-images`. */
export function findReplacement(awsCommand: string): string | undefined {
  return BY_AWS_NAME.get(awsCommand);
}

/** `describe-images` for `DescribeImages`. */
function hyphenate(operation: string): string {
  return operation.replace(/\B[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
}
