import type { ErrorRow } from '../error-row.ts';

const CHECK_UPSTREAM = 'Run it again, or check the pull through cache rule of the repository.';

/** The exceptions that private ECR has beside those of ECR Public. */
export const PRIVATE_ERROR_TABLE = {
  // The message ends with the code that KMS gave.
  KmsException: [
    {
      says: /not authorized|AccessDenied/i,
      code: 'AUTH',
      message: 'The encryption key of {repository} cannot be used: {message}',
      hint: 'Allow these credentials to use the KMS key in its key policy, then run it again.',
    },
    {
      says: /throttl/i,
      code: 'UNAVAILABLE',
      message: 'The encryption key of {repository} cannot be used now{attempts}: {message}',
      hint: 'Run it again later: other clients of the account use up the rate of KMS.',
    },
    {
      of: ['CreateRepository'],
      code: 'AUTH',
      message: 'The encryption key for {repository} cannot be used: {message}',
      hint: 'Check that --kms-key names an enabled symmetric key of the same region, and allow kms:CreateGrant and kms:DescribeKey.',
    },
    {
      code: 'AUTH',
      message: 'The encryption key of {repository} cannot be used: {message}',
      hint: "Enable the KMS key of the repository, or restore the grant of ECR: 'aws kms describe-key' shows its state.",
    },
  ],

  // Repositories and the registry.
  LifecyclePolicyNotFoundException: [
    { code: 'NOT_FOUND', hint: "Set a policy: 'ecrp lifecycle set {repository} --policy FILE'." },
  ],
  TemplateAlreadyExistsException: [{ code: 'CONFLICT', hint: 'Choose another prefix for the template.' }],
  TemplateNotFoundException: [{ code: 'NOT_FOUND', hint: 'Check the prefix of the template.' }],
  ValidationException: [{ code: 'INVALID_INPUT', hint: 'Change the value that the message names.' }],

  // Images.
  LayerInaccessibleException: [
    {
      code: 'NOT_FOUND',
      hint: 'Push the image again, or restore it if it is archived: no active image refers to the layer.',
    },
  ],
  UnableToGetUpstreamImageException: [{ code: 'UNAVAILABLE', hint: CHECK_UPSTREAM }],
  UnableToGetUpstreamLayerException: [{ code: 'UNAVAILABLE', hint: CHECK_UPSTREAM }],
  UnableToListUpstreamImageReferrersException: [{ code: 'UNAVAILABLE', hint: CHECK_UPSTREAM }],
} as const satisfies Readonly<Record<string, readonly ErrorRow[]>>;
