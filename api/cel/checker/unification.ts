import { dynType, sameType, type Type } from '../types.ts';

/** What type parameters stand for, by name. */
export type Substitutions = ReadonlyMap<string, Type>;

type Mapping = Map<string, Type>;

/** The substitutions extended so that each of `from` is assignable to its peer in `to`; undefined when impossible. */
export function unify(
  substitutions: Substitutions,
  from: readonly Type[],
  to: readonly Type[],
): Substitutions | undefined {
  const mapping = new Map(substitutions);
  return allAssignable(mapping, from, to) ? mapping : undefined;
}

/** Replaces bound parameters; unbound ones become dyn when asked. */
export function substitute(mapping: Substitutions, type: Type, unboundToDyn: boolean): Type {
  if (type.kind === 'param') {
    const bound = mapping.get(type.name);
    if (bound !== undefined) return substitute(mapping, bound, unboundToDyn);
    return unboundToDyn ? dynType : type;
  }
  if (type.parameters.length === 0) return type;
  const parameters = type.parameters.map((each) => substitute(mapping, each, unboundToDyn));
  return { ...type, parameters };
}

/** Of two types that unify the less specific one. */
export function mostGeneral(a: Type, b: Type): Type {
  return isEqualOrLessSpecific(a, b) ? a : b;
}

function isDynOrError(type: Type): boolean {
  return type.kind === 'dyn' || type.kind === 'error';
}

function allAssignable(mapping: Mapping, from: readonly Type[], to: readonly Type[]): boolean {
  if (from.length !== to.length) return false;
  return from.every((type, index) => {
    const other = to[index];
    return other !== undefined && isAssignable(mapping, type, other);
  });
}

function isAssignable(mapping: Mapping, a: Type, b: Type): boolean {
  if (b.kind === 'param') {
    const outcome = bind(mapping, a, b);
    if (outcome !== 'unbound') return outcome === 'valid';
  }
  if (a.kind === 'param') return bind(mapping, b, a) === 'valid';
  if (isDynOrError(a) || isDynOrError(b)) return true;
  if (a.kind === 'null') return isNullable(b);
  if (b.kind === 'null') return isNullable(a);
  if (a.kind === 'type') return b.kind === 'type';
  return a.kind === b.kind && a.name === b.name && allAssignable(mapping, a.parameters, b.parameters);
}

function isNullable(type: Type): boolean {
  const nullable = ['null', 'opaque', 'object', 'duration', 'timestamp'];
  return type.nullable === true || nullable.includes(type.kind);
}

/** Whether `type` may stand for `parameter`, which is noted; 'unbound': no, but nothing else stands for it either. */
function bind(mapping: Mapping, type: Type, parameter: Type): 'valid' | 'invalid' | 'unbound' {
  if (sameType(type, parameter)) return 'valid';
  const bound = mapping.get(parameter.name);
  if (bound !== undefined) {
    if (sameType(type, bound)) return 'valid';
    if (!isAssignable(mapping, type, bound)) return 'invalid';
    const general = mostGeneral(type, bound);
    if (!occursIn(mapping, parameter, general)) mapping.set(parameter.name, general);
    return 'valid';
  }
  if (occursIn(mapping, parameter, type)) return 'unbound';
  mapping.set(parameter.name, type);
  return 'valid';
}

function occursIn(mapping: Mapping, parameter: Type, type: Type): boolean {
  if (sameType(parameter, type)) return true;
  if (type.kind === 'param') {
    const bound = mapping.get(type.name);
    return bound !== undefined && occursIn(mapping, parameter, bound);
  }
  return type.parameters.some((each) => occursIn(mapping, parameter, each));
}

function isEqualOrLessSpecific(a: Type, b: Type): boolean {
  if (a.kind === 'dyn' || a.kind === 'param') return true;
  if (b.kind === 'dyn' || b.kind === 'param' || a.kind !== b.kind) return false;
  switch (a.kind) {
    case 'type':
      return true;
    case 'opaque':
    case 'list':
    case 'map':
      return (
        a.name === b.name &&
        a.parameters.length === b.parameters.length &&
        a.parameters.every((each, index) => {
          const other = b.parameters[index];
          return other !== undefined && isEqualOrLessSpecific(each, other);
        })
      );
    default:
      return sameType(a, b);
  }
}
