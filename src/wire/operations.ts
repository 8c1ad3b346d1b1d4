import { IMAGE_OPERATIONS, LAYER_OPERATIONS } from './image-operations.ts';
import { REGISTRY_OPERATIONS, REPOSITORY_OPERATIONS } from './repository-operations.ts';
import type { SHAPES, ShapeName } from './shapes.ts';

/** The 23 operations of ECR Public. */
export const OPERATIONS = {
  ...LAYER_OPERATIONS,
  ...IMAGE_OPERATIONS,
  ...REPOSITORY_OPERATIONS,
  ...REGISTRY_OPERATIONS,
} as const;

export type OperationName = keyof typeof OPERATIONS;

/** Decoded value of a shape. A blob is bytes, a timestamp epoch seconds. */
export type ValueOf<Name> = Name extends ShapeName ? ValueOfShape<(typeof SHAPES)[Name]> : never;

type ValueOfShape<S> = S extends { type: 'string' }
  ? S extends { enum: readonly (infer Member)[] }
    ? Member
    : string
  : S extends { type: 'integer' | 'long' | 'timestamp' }
    ? number
    : S extends { type: 'boolean' }
      ? boolean
      : S extends { type: 'blob' }
        ? Buffer
        : S extends { type: 'list'; member: infer Member }
          ? readonly ValueOf<Member>[]
          : S extends { type: 'structure' }
            ? ValueOfStructure<S>
            : never;

type RequiredOf<S> = S extends { required: readonly (infer Name)[] } ? Name : never;

type ValueOfStructure<S> = S extends { members: infer Members }
  ? { readonly [K in keyof Members as K extends RequiredOf<S> ? K : never]: ValueOf<Members[K]> } & {
      readonly [K in keyof Members as K extends RequiredOf<S> ? never : K]?: ValueOf<Members[K]> | undefined;
    }
  : never;

/** Tag of a repository as an AWS resource, unlike the tag of an image. */
export type ResourceTag = { readonly [Member in keyof ValueOf<'Tag'>]-?: string };

/** What a repository shows in the Gallery, as it is sent. The logo is the bytes of a PNG. */
export type CatalogDataInput = ValueOf<'RepositoryCatalogDataInput'>;

/** The same as it is answered, with the logo's address. */
export type RepositoryCatalogData = ValueOf<'RepositoryCatalogData'>;

/** Validated input of an operation. */
export type InputOf<Name extends OperationName> = ValueOfStructure<(typeof OPERATIONS)[Name]['input']>;

/** Output of an operation. The response omits undefined members. */
export type OutputOf<Name extends OperationName> = ValueOfStructure<(typeof OPERATIONS)[Name]['output']>;
