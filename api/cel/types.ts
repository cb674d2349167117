/** The types of the expression language, in cel-go's uniform shape: a kind, a name and parameters. */
export interface Type {
  readonly kind: TypeKind;
  /** As printed in messages; of a type parameter its own name. */
  readonly name: string;
  readonly parameters: readonly Type[];
  /** Set for a wrapper (google.protobuf.Int64Value …): null is assignable to it. */
  readonly nullable?: boolean;
}

export type TypeKind =
  | 'bool'
  | 'bytes'
  | 'double'
  | 'duration'
  | 'dyn'
  | 'error'
  | 'int'
  | 'list'
  | 'map'
  | 'null'
  | 'object'
  | 'opaque'
  | 'param'
  | 'string'
  | 'timestamp'
  | 'type'
  | 'uint';

const simple = (kind: TypeKind, name: string): Type => ({ kind, name, parameters: [] });

export const boolType = simple('bool', 'bool');
export const bytesType = simple('bytes', 'bytes');
export const doubleType = simple('double', 'double');
export const durationType = simple('duration', 'google.protobuf.Duration');
export const dynType = simple('dyn', 'dyn');
/** As good as dyn, but messages name it. */
export const anyType = simple('dyn', 'google.protobuf.Any');
export const errorType = simple('error', '!error!');
export const intType = simple('int', 'int');
export const nullType = simple('null', 'null_type');
export const stringType = simple('string', 'string');
export const timestampType = simple('timestamp', 'google.protobuf.Timestamp');
export const typeType = simple('type', 'type');
export const uintType = simple('uint', 'uint');

export function listType(element: Type): Type {
  return { kind: 'list', name: 'list', parameters: [element] };
}

export function mapType(key: Type, value: Type): Type {
  return { kind: 'map', name: 'map', parameters: [key, value] };
}

export function typeTypeOf(parameter: Type): Type {
  return { kind: 'type', name: 'type', parameters: [parameter] };
}

export function opaqueType(name: string, ...parameters: Type[]): Type {
  return { kind: 'opaque', name, parameters };
}

export function optionalType(value: Type): Type {
  return opaqueType('optional_type', value);
}

/** An object (cel-go: struct) known by name; a TypeProvider knows its fields. */
export function objectType(name: string): Type {
  return simple('object', name);
}

export function paramType(name: string): Type {
  return simple('param', name);
}

/** `wrapper(int)` and the like: the well-known wrapper messages. */
export function wrapperType(type: Type): Type {
  return { ...type, nullable: true };
}

// Kubernetes declares IP and CIDR as opaque and the rest as objects without fields; messages and costs tell them apart.
export const quantityType = objectType('kubernetes.Quantity');
export const urlType = objectType('kubernetes.URL');
export const namedFormatType = objectType('kubernetes.NamedFormat');
export const semverType = objectType('kubernetes.Semver');
export const ipType = opaqueType('net.IP');
export const cidrType = opaqueType('net.CIDR');
export const authorizerType = objectType('kubernetes.authorization.Authorizer');
export const pathCheckType = objectType('kubernetes.authorization.PathCheck');
export const groupCheckType = objectType('kubernetes.authorization.GroupCheck');
export const resourceCheckType = objectType('kubernetes.authorization.ResourceCheck');
export const decisionType = objectType('kubernetes.authorization.Decision');

/** Where the checker and the evaluator learn about objects: the schema of a CRD, of a built-in kind, … */
export interface TypeProvider {
  /** The type a name stands for; undefined when the name is no type. */
  findType(name: string): Type | undefined;
  findField(typeName: string, field: string): Type | undefined;
  fieldNames(typeName: string): readonly string[];
}

export function isOptional(type: Type): boolean {
  return type.kind === 'opaque' && type.name === 'optional_type';
}

/** Same kind, name and parameters; a wrapper is the same as what it wraps. */
export function sameType(a: Type, b: Type): boolean {
  return (
    a === b ||
    (a.kind === b.kind &&
      a.name === b.name &&
      a.parameters.length === b.parameters.length &&
      a.parameters.every((parameter, index) => {
        const other = b.parameters[index];
        return other !== undefined && sameType(parameter, other);
      }))
  );
}

/** As messages of the checker name a type: `list(string)`, `duration`, `wrapper(int)`. */
export function formatType(type: Type): string {
  if (type.nullable) return `wrapper(${formatType({ ...type, nullable: false })})`;
  switch (type.kind) {
    case 'dyn':
      return type.name === anyType.name ? 'any' : 'dyn';
    case 'duration':
      return 'duration';
    case 'timestamp':
      return 'timestamp';
    case 'null':
      return 'null';
    default:
      return withParameters(type, formatType);
  }
}

/** As `type()` and Kubernetes' own messages print a type: `google.protobuf.Duration`, `null_type`. */
export function typeName(type: Type): string {
  return withParameters(type, typeName);
}

function withParameters(type: Type, format: (type: Type) => string): string {
  if (type.parameters.length === 0) return type.name;
  return `${type.name}(${type.parameters.map(format).join(', ')})`;
}
