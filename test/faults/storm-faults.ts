import { type Effect, PLAIN_EFFECTS } from '../../src/emulator/faults/fault-rules.ts';
import type { ErrorCode } from '../../src/errors.ts';
import { pick, type Random } from './storm-images.ts';

/** The operations of any push. The command line calls more. */
export const PUSHING = [
  'BatchCheckLayerAvailability',
  'InitiateLayerUpload',
  'UploadLayerPart',
  'CompleteLayerUpload',
  'PutImage',
] as const;
export const PUSH_COMMAND = [
  ...PUSHING,
  'CreateRepository',
  'DescribeRegistries',
  'GetAuthorizationToken',
  'DescribeImages',
] as const;

type Operation = (typeof PUSH_COMMAND)[number];
type Told = readonly [exception: string, code: ErrorCode, ...operations: readonly Operation[]];

/** Exceptions that a rule may cause, the message that the user gets, and their operations; none: all. */
const EXCEPTIONS: readonly Told[] = [
  ['ServerException', 'UNAVAILABLE'],
  ['ThrottlingException', 'UNAVAILABLE'],
  ['UnsupportedCommandException', 'UNAVAILABLE'],
  ['AccessDeniedException', 'AUTH'],
  ['UnrecognizedClientException', 'AUTH'],
  ['InvalidSignatureException', 'AUTH'],
  ['InvalidParameterException', 'INVALID_INPUT'],
  ['RepositoryNotFoundException', 'NOT_FOUND', 'InitiateLayerUpload', 'UploadLayerPart', 'PutImage'],
  ['RegistryNotFoundException', 'NOT_FOUND', ...PUSHING],
  ['LimitExceededException', 'LIMIT', 'InitiateLayerUpload', 'CompleteLayerUpload', 'PutImage'],
  ['RequestEntityTooLarge', 'LIMIT', 'UploadLayerPart'],
  ['UploadNotFoundException', 'UNAVAILABLE', 'UploadLayerPart', 'CompleteLayerUpload'],
  ['InvalidLayerPartException', 'UNAVAILABLE', 'UploadLayerPart'],
  ['InvalidLayerException', 'UNAVAILABLE', 'CompleteLayerUpload'],
  ['LayerAlreadyExistsException', 'UNAVAILABLE', 'CompleteLayerUpload'],
  ['EmptyUploadException', 'UNAVAILABLE', 'CompleteLayerUpload'],
  ['LayerPartTooSmallException', 'INVALID_INPUT', 'CompleteLayerUpload'],
  ['LayersNotFoundException', 'UNAVAILABLE', 'PutImage'],
  ['ReferencedImagesNotFoundException', 'UNAVAILABLE', 'PutImage'],
  ['ImageDigestDoesNotMatchException', 'INVALID_INPUT', 'PutImage'],
  ['ImageTagAlreadyExistsException', 'CONFLICT', 'PutImage'],
];

/** Every effect that a rule can have. */
export const EFFECTS: readonly Effect['kind'][] = ['delay', 'error', ...PLAIN_EFFECTS];

export interface StormFault {
  readonly rule: string;
  /** Errors that it may cause in a push. */
  readonly code: ErrorCode;
  /** True if the service lies. Then the push may have to send acknowledged bytes again. */
  readonly isLie: boolean;
}

/** Makes a rule with any effect of the emulator, for one operation or for all. */
export function makeFault(random: Random, operations: readonly Operation[] = PUSHING): StormFault {
  const effect = pick(random, EFFECTS);
  const place = pick(random, ['*', ...operations]);
  const once = `on=${1 + Math.floor(random() * 12)}`;
  const trigger = pick(random, [
    once,
    `every=${2 + Math.floor(random() * 5)}`,
    `p=0.${1 + Math.floor(random() * 3)} seed=${Math.floor(random() * 1000)}`,
  ]);
  switch (effect) {
    case 'error': {
      const told = EXCEPTIONS.map(([name, code, ...of]) => ({
        name,
        code,
        where: of.length === 0 ? place : pick(random, of),
      }));
      const { name, code, where } = pick(random, told);
      return { rule: `${where} error ${name} ${trigger}`, code, isLie: true };
    }
    case 'delay':
      return { rule: `${place} delay 20 ${trigger}`, code: 'UNAVAILABLE', isLie: false };
    // Each takes the whole time until the push notices it.
    case 'stall':
      return { rule: `${place} stall ${once}`, code: 'UNAVAILABLE', isLie: false };
    case 'expired-token':
      return { rule: `${place} expired-token ${once}`, code: 'AUTH', isLie: false };
    case 'off-by-one':
    case 'forget-part':
      return { rule: `UploadLayerPart ${effect} ${trigger}`, code: 'UNAVAILABLE', isLie: true };
    case 'wrong-digest': {
      const where = pick(random, ['CompleteLayerUpload', 'PutImage']);
      return { rule: `${where} wrong-digest ${trigger}`, code: 'UNAVAILABLE', isLie: true };
    }
    default:
      return { rule: `${place} ${effect} ${trigger}`, code: 'UNAVAILABLE', isLie: false };
  }
}
