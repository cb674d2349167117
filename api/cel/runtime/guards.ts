import type { Overload } from '../declarations.ts';
import type { Type } from '../types.ts';
import { elementAt, mapFind, mapKeys } from './collections.ts';
import { CelError, isInt, isList, isMap, type Result, Special, typeOf, type Value } from './values.ts';

type Guard = (value: Value) => boolean;

const always: Guard = () => true;

/** Whether a value may be passed where a type is declared: of collections, the first element decides. */
function guardOf(type: Type): Guard {
  switch (type.kind) {
    case 'dyn':
    case 'param':
      return always;
    case 'string':
      return (value) => typeof value === 'string';
    case 'int':
      return isInt;
    case 'bool':
      return (value) => typeof value === 'boolean';
    case 'list':
      return listGuard(type);
    case 'map':
      return mapGuard(type);
    default:
      return (value) => (value instanceof Special || typeof value === 'object') && typeOf(value).name === type.name;
  }
}

function listGuard(type: Type): Guard {
  const element = type.parameters[0] === undefined ? always : guardOf(type.parameters[0]);
  if (element === always) return isList;
  return (value) => isList(value) && (value.length === 0 || accepts(element, elementAt(value, 0)));
}

function mapGuard(type: Type): Guard {
  const [keys = always, values = always] = type.parameters.map(guardOf);
  return (value) => {
    if (!isMap(value)) return false;
    const [key] = mapKeys(value);
    return key === undefined || (keys(key) && accepts(values, mapFind(value, key) ?? null));
  };
}

const accepts = (guard: Guard, value: Result) => !(value instanceof CelError) && guard(value);

export type Signature = (args: readonly Value[]) => boolean;

export function signatureOf(overload: Overload): Signature {
  const guards = overload.parameters.map(guardOf);
  const [first = always, second = always] = guards;
  switch (guards.length) {
    case 1:
      return (args) => args.length === 1 && first(args[0] ?? null);
    case 2:
      return (args) => args.length === 2 && first(args[0] ?? null) && second(args[1] ?? null);
    default:
      return (args) => args.length === guards.length && guards.every((guard, index) => guard(args[index] ?? null));
  }
}

export function noMatchingOverload(name: string, args: readonly Value[]): CelError {
  return new CelError(`no such overload: ${name}(${args.map((value) => typeOf(value).name).join(', ')})`);
}
