import { noSuchOverload } from '../runtime/arithmetic.ts';
import { CelMap, elements, mapFind, mapKeys } from '../runtime/collections.ts';
import { equal } from '../runtime/equality.ts';
import type { Implementations } from '../runtime/functions.ts';
import { goJsonType } from '../runtime/typed-scalars.ts';
import {
  CelError,
  Double,
  isList,
  isMap,
  type Result,
  Special,
  TypeValue,
  typeValues,
  type Value,
} from '../runtime/values.ts';

// What MutatingAdmissionPolicies construct: JSONPatch{...}, Object{...}, Object.spec{...}.

const jsonPatchType = new TypeValue('JSONPatch');
const texts = ['op', 'path', 'from'] as const;

export class JSONPatchValue extends Special {
  readonly op: string;
  readonly path: string;
  readonly from: string;
  readonly value: Value | undefined;
  constructor(op: string, path: string, from: string, value: Value | undefined) {
    super();
    this.op = op;
    this.path = path;
    this.from = from;
    this.value = value;
  }
  get type(): TypeValue {
    return jsonPatchType;
  }
  override get typeAsValue(): TypeValue {
    return typeValues.type;
  }
  override equals(other: Value): Result {
    if (!(other instanceof JSONPatchValue)) return false;
    if (texts.some((name) => this[name] !== other[name])) return false;
    if (this.value === undefined || other.value === undefined) return this.value === other.value;
    return equal(this.value, other.value);
  }
  override field(name: Value): Result | undefined {
    if (name === 'value') return this.value;
    const text = texts.find((each) => each === name);
    return text === undefined ? new CelError(`unsupported indexer: ${name}`) : this[text];
  }
}

/** An object under construction, of a type named after its place: `Object.spec.template`. */
export class ObjectValue extends Special {
  readonly type: TypeValue;
  readonly fields: ReadonlyMap<string, Value>;
  constructor(typeName: string, fields: ReadonlyMap<string, Value>) {
    super();
    this.type = new TypeValue(typeName);
    this.fields = fields;
  }
  override equals(other: Value): Result {
    if (!(other instanceof ObjectValue) || other.type.name !== this.type.name) return false;
    return equal(new CelMap(this.fields), new CelMap(other.fields));
  }
  override field(name: Value): Result | undefined {
    return typeof name === 'string' ? this.fields.get(name) : undefined;
  }
  override isZero(): boolean {
    return this.fields.size === 0;
  }
  override get missingField(): Value {
    return null;
  }
  override get typeAsValue(): TypeValue {
    return typeValues.type;
  }
}

function nativeType(value: Value): string {
  return value instanceof Double ? 'float64' : goJsonType(value);
}

/** For createProgram: the objects that a mutating policy's expressions may construct. */
export function newPatchObject(typeName: string, fields: ReadonlyMap<string, Value>): Result {
  if (typeName !== 'JSONPatch') return new ObjectValue(typeName, fields);
  const given = { op: '', path: '', from: '' };
  for (const name of texts) {
    const value = fields.get(name);
    if (value === undefined) continue;
    if (typeof value !== 'string') {
      return new CelError(`unexpected type ${nativeType(value)} for JSONPatchType '${name}' field`);
    }
    given[name] = value;
  }
  return new JSONPatchValue(given.op, given.path, given.from, fields.get('value'));
}

/** Objects whose type does not tell their place, in upstream's words. */
export function misplacedTypes(value: Value, path: readonly string[]): string[] {
  const messages: string[] = [];
  if (value instanceof ObjectValue) {
    const wanted = path.join('.');
    if (value.type.name !== wanted) {
      messages.push(
        `unexpected type name "${value.type.name}", expected "${wanted}", which matches field name path from root Object type`,
      );
    }
    for (const [name, field] of value.fields) messages.push(...misplacedTypes(field, [...path, name]));
  } else if (isList(value)) {
    for (const element of elements(value)) messages.push(...misplacedTypes(element as Value, path));
  } else if (isMap(value)) {
    for (const key of mapKeys(value)) messages.push(...misplacedTypes((mapFind(value, key) ?? null) as Value, path));
  }
  return messages;
}

export const jsonPatchImplementations: Implementations = {
  string_jsonpatch_escapeKey_string: (key) => {
    return typeof key === 'string' ? key.replaceAll('~', '~0').replaceAll('/', '~1') : noSuchOverload;
  },
};
