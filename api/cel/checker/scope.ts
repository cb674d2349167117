import type { FunctionDeclaration } from '../declarations.ts';
import {
  anyType,
  boolType,
  bytesType,
  cidrType,
  doubleType,
  durationType,
  dynType,
  intType,
  ipType,
  listType,
  mapType,
  nullType,
  opaqueType,
  paramType,
  stringType,
  type Type,
  type TypeProvider,
  timestampType,
  typeType,
  typeTypeOf,
  uintType,
  wrapperType,
} from '../types.ts';

/** What an expression may name. */
export interface Declarations {
  readonly functions: ReadonlyMap<string, FunctionDeclaration>;
  readonly variables: ReadonlyMap<string, Type>;
  readonly provider: TypeProvider;
}

export interface Ident {
  readonly name: string;
  readonly type: Type;
  /** Set when the name is a type's. */
  readonly typeValue?: Type;
}

/** Names in force at a place: comprehensions add theirs. */
export interface Scope {
  readonly parent: Scope | undefined;
  readonly variables: ReadonlyMap<string, Type>;
}

/** Types that have a name everywhere. */
const namedTypes: ReadonlyMap<string, Type> = new Map([
  ['bool', boolType],
  ['bytes', bytesType],
  ['double', doubleType],
  ['google.protobuf.Duration', durationType],
  ['int', intType],
  ['list', listType(paramType('A'))],
  ['map', mapType(paramType('A'), paramType('B'))],
  ['null_type', nullType],
  ['string', stringType],
  ['google.protobuf.Timestamp', timestampType],
  ['type', typeType],
  ['uint', uintType],
  ['optional_type', opaqueType('optional_type')],
  ['net.IP', ipType],
  ['net.CIDR', cidrType],
  ['google.protobuf.Any', anyType],
  ['google.protobuf.BoolValue', wrapperType(boolType)],
  ['google.protobuf.BytesValue', wrapperType(bytesType)],
  ['google.protobuf.DoubleValue', wrapperType(doubleType)],
  ['google.protobuf.FloatValue', wrapperType(doubleType)],
  ['google.protobuf.Int32Value', wrapperType(intType)],
  ['google.protobuf.Int64Value', wrapperType(intType)],
  ['google.protobuf.StringValue', wrapperType(stringType)],
  ['google.protobuf.UInt32Value', wrapperType(uintType)],
  ['google.protobuf.UInt64Value', wrapperType(uintType)],
  ['google.protobuf.ListValue', listType(dynType)],
  ['google.protobuf.Struct', mapType(stringType, dynType)],
  ['google.protobuf.Value', dynType],
]);

/** A leading dot names the outermost declaration; there is no container to look in before. */
export function lookupIdent(declarations: Declarations, scope: Scope | undefined, dotted: string): Ident | undefined {
  const name = withoutDot(dotted);
  for (let at = scope; at !== undefined; at = at.parent) {
    const type = at.variables.get(name);
    if (type !== undefined) return { name, type };
  }
  const type = declarations.variables.get(name);
  if (type !== undefined) return { name, type };
  const typeValue = namedTypes.get(name) ?? declarations.provider.findType(name);
  return typeValue && { name, type: typeTypeOf(typeValue), typeValue };
}

export function lookupFunction(declarations: Declarations, dotted: string): FunctionDeclaration | undefined {
  return declarations.functions.get(withoutDot(dotted));
}

function withoutDot(name: string): string {
  return name.startsWith('.') ? name.slice(1) : name;
}
