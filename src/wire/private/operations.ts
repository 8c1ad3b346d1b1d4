import type { InputIn, OutputIn, ValueIn } from '../values.ts';
import { PRIVATE_IMAGE_OPERATIONS } from './image-operations.ts';
import { PRIVATE_LAYER_OPERATIONS } from './layer-operations.ts';
import { PRIVATE_REGISTRY_OPERATIONS } from './registry-operations.ts';
import { PRIVATE_REPOSITORY_OPERATIONS } from './repository-operations.ts';
import { PRIVATE_SCALARS } from './scalars.ts';
import { PRIVATE_STRUCTURES } from './structures.ts';

/** The operations of private ECR that `ecrp` uses or serves. The service has more. */
export const PRIVATE_OPERATIONS = {
  ...PRIVATE_LAYER_OPERATIONS,
  ...PRIVATE_IMAGE_OPERATIONS,
  ...PRIVATE_REPOSITORY_OPERATIONS,
  ...PRIVATE_REGISTRY_OPERATIONS,
} as const;

export type PrivateOperationName = keyof typeof PRIVATE_OPERATIONS;

/** All shapes of these operations, except for their inputs and outputs. */
export const PRIVATE_SHAPES = { ...PRIVATE_SCALARS, ...PRIVATE_STRUCTURES } as const;

type PrivateShapes = typeof PRIVATE_SHAPES;

/** Decoded value of a shape of private ECR. A blob is bytes, a timestamp epoch seconds. */
export type PrivateValueOf<Name> = ValueIn<PrivateShapes, Name>;

/** Validated input of an operation of private ECR. */
export type PrivateInputOf<Name extends PrivateOperationName> = InputIn<
  PrivateShapes,
  (typeof PRIVATE_OPERATIONS)[Name]
>;

/** Output of an operation of private ECR. The response omits undefined members. */
export type PrivateOutputOf<Name extends PrivateOperationName> = OutputIn<
  PrivateShapes,
  (typeof PRIVATE_OPERATIONS)[Name]
>;
