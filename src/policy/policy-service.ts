import { OPERATIONS } from '../wire/operations.ts';
import { PARTITIONS } from '../wire/private/regions.ts';
import { PRIVATE_ACTIONS } from './private-actions.ts';

/** The service whose repositories a policy is about. */
export interface PolicyService {
  /** For messages: `ECR Public`. */
  readonly name: string;
  /** What its actions begin with: `ecr-public`. */
  readonly prefix: 'ecr-public' | 'ecr';
  /** Names of its actions, as far as ecrp knows them. */
  readonly actions: readonly string[];
  /** What `policy grant --push` allows. GetAuthorizationToken is not about a repository, so no repository policy can allow it. */
  readonly pushActions: readonly string[];
  /** Partition of the principals, which know no others: `aws`, `aws-cn`. */
  readonly partition: string;
}

const PUSH_ACTIONS = [
  'BatchCheckLayerAvailability',
  'InitiateLayerUpload',
  'UploadLayerPart',
  'CompleteLayerUpload',
  'PutImage',
];

export const PUBLIC_POLICIES: PolicyService = {
  name: 'ECR Public',
  prefix: 'ecr-public',
  actions: Object.keys(OPERATIONS),
  pushActions: PUSH_ACTIONS.map((action) => `ecr-public:${action}`),
  partition: 'aws',
};

/**
 * Makes the service of a private registry. A push looks up where its tags are as well, which is a read there. Source: Amazon ECR user guide, "IAM
 * permissions for pushing an image".
 * @param region Undefined for an emulator: the partition aws.
 */
export function describePrivatePolicies(region = ''): PolicyService {
  return {
    name: 'private ECR',
    prefix: 'ecr',
    actions: PRIVATE_ACTIONS,
    pushActions: [...PUSH_ACTIONS, 'BatchGetImage'].map((action) => `ecr:${action}`),
    partition: PARTITIONS.find(({ regions }) => regions.test(region))?.name ?? 'aws',
  };
}
