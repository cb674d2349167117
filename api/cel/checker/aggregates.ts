import type { Expr, ListExpr, MapExpr, StructExpr, StructField } from '../ast.ts';
import {
  dynType,
  errorType,
  formatType,
  isOptional,
  listType,
  mapType,
  optionalType,
  paramType,
  type Type,
} from '../types.ts';
import { assign, type Check, type Checking, report, typeOf } from './checking.ts';
import { declaredFieldType, reportMismatch, reportUndeclared } from './messages.ts';
import { lookupIdent } from './scope.ts';
import { mostGeneral } from './unification.ts';

export function checkList(checking: Checking, expr: ListExpr, check: Check): Expr {
  let joined: Type | undefined;
  const elements = expr.elements.map((each, index) => {
    const element = check(checking, each);
    const optional = expr.optionalIndices.includes(index);
    joined = join(checking, joined, valueType(checking, element, optional));
    return element;
  });
  checking.types.set(expr.id, listType(joined ?? freeParameter(checking)));
  return { ...expr, elements };
}

export function checkMap(checking: Checking, expr: MapExpr, check: Check): Expr {
  let keys: Type | undefined;
  let values: Type | undefined;
  const entries = expr.entries.map((entry) => {
    const key = check(checking, entry.key);
    keys = join(checking, keys, typeOf(checking, key));
    const value = check(checking, entry.value);
    values = join(checking, values, valueType(checking, value, entry.optional));
    return { ...entry, key, value };
  });
  const keyType = keys ?? freeParameter(checking);
  checking.types.set(expr.id, mapType(keyType, values ?? freeParameter(checking)));
  return { ...expr, entries };
}

/** What `?e` adds is what the optional holds. */
function valueType(checking: Checking, expr: Expr, optional: boolean): Type {
  const type = typeOf(checking, expr);
  if (!optional) return type;
  if (isOptional(type)) return type.parameters[0] ?? dynType;
  if (type.kind !== 'dyn') reportMismatch(checking, expr, optionalType(type), type);
  return type;
}

/** What does not unify makes dyn; that literals have one type is a matter of the validators. */
function join(checking: Checking, previous: Type | undefined, current: Type): Type {
  if (previous === undefined) return current;
  return assign(checking, previous, current) ? mostGeneral(previous, current) : dynType;
}

function freeParameter(checking: Checking): Type {
  return paramType(`_var${checking.freeParameters++}`);
}

export function checkStruct(checking: Checking, expr: StructExpr, check: Check): Expr {
  const ident = lookupIdent(checking.declarations, checking.scope, expr.typeName);
  if (ident === undefined) {
    reportUndeclared(checking, expr, expr.typeName);
    checking.types.set(expr.id, errorType);
    return expr;
  }
  checking.references.set(expr.id, { kind: 'ident', name: ident.name });
  const type = messageType(checking, expr, ident.type, ident.typeValue);
  checking.types.set(expr.id, type);
  const typeName = type.kind === 'object' ? type.name : ident.name;
  const fields = expr.fields.map((field) => checkField(checking, typeName, field, check));
  return { ...expr, typeName, fields };
}

function messageType(checking: Checking, expr: StructExpr, type: Type, value: Type | undefined): Type {
  if (value === undefined) {
    report(checking, expr, `'${type.name}' is not a type`);
    return errorType;
  }
  const wellKnown = value.nullable || ['timestamp', 'duration', 'dyn', 'null'].includes(value.kind);
  if (value.kind === 'object' || wellKnown || value.parameters.some(({ kind }) => kind === 'dyn')) {
    return value;
  }
  report(checking, expr, `'${value.name}' is not a message type`);
  return errorType;
}

function checkField(checking: Checking, typeName: string, field: StructField, check: Check): StructField {
  const value = check(checking, field.value);
  const type = declaredFieldType(checking, field, typeName, field.name) ?? errorType;
  const actual = valueType(checking, value, field.optional);
  if (!assign(checking, type, actual)) {
    report(
      checking,
      field,
      `expected type of field '${field.name}' is '${formatType(type)}' but provided type is '${formatType(actual)}'`,
    );
  }
  return { ...field, value };
}
