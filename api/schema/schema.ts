/** The compact runtime schema, `api/generated/schema.json`: every API type by its OpenAPI name. */
export interface SchemaDocument {
  readonly release: string;
  readonly types: Readonly<Record<string, TypeSchema>>;
}

export interface TypeSchema {
  /** Properties in alphabetical order; absent for types without properties (BasicSchedulingPolicy …): an object of nothing known. */
  readonly fields?: Readonly<Record<string, FieldSchema>>;
  readonly mapType?: 'atomic';
  /** Go's name of the type as it stands in decode errors, e.g. `Container`. */
  readonly go: string;
  /** [group, version, kind] where the type is a top-level kind. */
  readonly gvk?: readonly (readonly [string, string, string])[];
}

export type FieldKind =
  | 'string'
  | 'int32'
  | 'int64'
  | 'float64'
  | 'bool'
  | 'bytes' // base64 text
  | 'time'
  | 'microTime'
  | 'duration'
  | 'quantity'
  | 'intOrString'
  | 'struct' // `ref` names the type
  | 'list'
  | 'map' // `items` describes elements or values
  | 'any'; // RawExtension, FieldsV1, JSON, …: kept as it is

export interface FieldSchema {
  readonly k: FieldKind;
  readonly ref?: string;
  readonly items?: FieldSchema;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly list?: 'set' | 'map' | 'atomic';
  readonly keys?: readonly string[];
  /** Strategic merge: `merge`, `replace`, `retainKeys`, or two of them joined with a comma. */
  readonly patch?: string;
  readonly mergeKey?: string;
  /** Of a map or struct; `granular` where only the type it refers to is atomic. */
  readonly mapType?: 'atomic' | 'granular';
  /**
   * What encoding does with a zero value ("" 0 false [] {} or absent), from Go's json tags:
   * `emit`: always written, even when absent from the input (`name: ""`, `resources: {}`, `status: {}`);
   * `drop`: left out when zero (omitempty, omitzero); `keep`: a pointer: written when, and only when, it was given.
   */
  readonly zero: 'emit' | 'drop' | 'keep';
  /** With `emit`: the zero value is written as null (nil slices and maps, pointers, times), not as `[]`, `{}` or `""`. */
  readonly nil?: true;
  /** Go's type as it stands in decode errors, e.g. `map[string]string`, `[]v1.Container`, `*int32` is `int32`. */
  readonly go: string;
}
