// `wire/` writes the APIs of ECR Public and, in `private/`, of private ECR down as literals: operations, shapes, exceptions, limits,
// quotas, host names. Client and emulator share these literals and no functions. This file has the types that the literals keep to.

/** String; lengths in characters, `pattern` must match the whole value. */
export interface StringShape {
  readonly type: 'string';
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
}

/** Whole number; `min` and `max` are inclusive. */
export interface NumberShape {
  readonly type: 'integer' | 'long';
  readonly min?: number;
  readonly max?: number;
}

/** Bytes, sent as standard base64 with padding; sizes are those of the decoded bytes. */
export interface BlobShape {
  readonly type: 'blob';
  readonly min?: number;
  readonly max?: number;
}

/** Scalars. A timestamp is a JSON number: epoch seconds with a fraction. */
export type ScalarShape =
  | StringShape
  | NumberShape
  | BlobShape
  | { readonly type: 'boolean' }
  | { readonly type: 'timestamp' };

/** List. `member` names the shape of each item; `min` and `max` count items, inclusive. */
export interface ListShape {
  readonly type: 'list';
  readonly member: string;
  readonly min?: number;
  readonly max?: number;
}

/** Map from strings to values of a shape. `key` and `value` name shapes. */
export interface MapShape {
  readonly type: 'map';
  readonly key: string;
  readonly value: string;
}

/** Structure. `members` maps each member to the name of its shape. */
export interface StructureShape {
  readonly type: 'structure';
  readonly required?: readonly string[];
  readonly members: Readonly<Record<string, string>>;
}

export type Shape = ScalarShape | ListShape | MapShape | StructureShape;

/** An operation of the service model, with its exceptions in the order of the model. */
export interface Operation<Exception extends string = string> {
  readonly input: StructureShape;
  readonly output: StructureShape;
  readonly exceptions: readonly Exception[];
}
