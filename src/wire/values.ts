import type { OPERATIONS, OperationName } from './operations.ts';
import type { SHAPES, ShapeName } from './shapes.ts';

/** The value that a shape describes, once it is decoded: a blob as bytes, a timestamp as epoch seconds. */
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

/** Input of an operation, validated. */
export type InputOf<Name extends OperationName> = ValueOfStructure<(typeof OPERATIONS)[Name]['input']>;

/** Output of an operation; members that are undefined are left out of the response. */
export type OutputOf<Name extends OperationName> = ValueOfStructure<(typeof OPERATIONS)[Name]['output']>;
