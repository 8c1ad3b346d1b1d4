import { IMAGE_OPERATIONS, LAYER_OPERATIONS } from './image-operations.ts';
import { REGISTRY_OPERATIONS, REPOSITORY_OPERATIONS } from './repository-operations.ts';
import type { SHAPES } from './shapes.ts';
import type { InputIn, OutputIn, ValueIn } from './values.ts';

/** The 23 operations of ECR Public. */
export const OPERATIONS = {
  ...LAYER_OPERATIONS,
  ...IMAGE_OPERATIONS,
  ...REPOSITORY_OPERATIONS,
  ...REGISTRY_OPERATIONS,
} as const;

export type OperationName = keyof typeof OPERATIONS;

/** Decoded value of a shape. A blob is bytes, a timestamp epoch seconds. */
export type ValueOf<Name> = ValueIn<typeof SHAPES, Name>;

/** Tag of a repository as an AWS resource, unlike the tag of an image. */
export type ResourceTag = { readonly [Member in keyof ValueOf<'Tag'>]-?: string };

/** What a repository shows in the Gallery, as it is sent. The logo is the bytes of a PNG. */
export type CatalogDataInput = ValueOf<'RepositoryCatalogDataInput'>;

/** The same as it is answered, with the logo's address. */
export type RepositoryCatalogData = ValueOf<'RepositoryCatalogData'>;

/** Validated input of an operation. */
export type InputOf<Name extends OperationName> = InputIn<typeof SHAPES, (typeof OPERATIONS)[Name]>;

/** Output of an operation. The response omits undefined members. */
export type OutputOf<Name extends OperationName> = OutputIn<typeof SHAPES, (typeof OPERATIONS)[Name]>;
