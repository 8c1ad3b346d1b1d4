/** Decoded value of a shape in a table of shapes. A blob is bytes, a timestamp epoch seconds. */
export type ValueIn<Shapes, Name> = Name extends keyof Shapes ? ValueOfShape<Shapes, Shapes[Name]> : never;

type ValueOfShape<Shapes, S> = S extends { type: 'string' }
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
          ? readonly ValueIn<Shapes, Member>[]
          : S extends { type: 'map'; value: infer Value }
            ? Readonly<Record<string, ValueIn<Shapes, Value>>>
            : S extends { type: 'structure' }
              ? ValueOfStructure<Shapes, S>
              : never;

type RequiredOf<S> = S extends { required: readonly (infer Name)[] } ? Name : never;

type ValueOfStructure<Shapes, S> = S extends { members: infer Members }
  ? {
      readonly [K in keyof Members as K extends RequiredOf<S> ? K : never]: ValueIn<Shapes, Members[K]>;
    } & {
      readonly [K in keyof Members as K extends RequiredOf<S> ? never : K]?:
        | ValueIn<Shapes, Members[K]>
        | undefined;
    }
  : never;

/** Validated input of an operation whose shapes are in the table. */
export type InputIn<Shapes, Operation> = Operation extends { input: infer Input }
  ? ValueOfStructure<Shapes, Input>
  : never;

/** Output of an operation whose shapes are in the table. */
export type OutputIn<Shapes, Operation> = Operation extends { output: infer Output }
  ? ValueOfStructure<Shapes, Output>
  : never;
