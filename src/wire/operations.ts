import { IMAGE_OPERATIONS } from './image-operations.ts';
import { LAYER_OPERATIONS } from './layer-operations.ts';
import { REGISTRY_OPERATIONS } from './registry-operations.ts';
import { REPOSITORY_OPERATIONS } from './repository-operations.ts';

/** The 23 operations of ECR Public. */
export const OPERATIONS = {
  ...LAYER_OPERATIONS,
  ...IMAGE_OPERATIONS,
  ...REPOSITORY_OPERATIONS,
  ...REGISTRY_OPERATIONS,
} as const;

export type OperationName = keyof typeof OPERATIONS;
