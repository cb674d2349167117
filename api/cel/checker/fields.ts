import type { Expr } from '../ast.ts';
import { dynType, errorType, formatType, isOptional, optionalType, type Type } from '../types.ts';
import { assign, type Checking, knownTypeOf, report } from './checking.ts';
import { declaredFieldType } from './messages.ts';

/** The type of a field of the operand; of an optional operand it is optional too. */
export function fieldType(
  checking: Checking,
  at: { readonly offset: number; readonly operand: Expr },
  field: string,
  optional: boolean,
): Type {
  const operand = knownTypeOf(checking, at.operand);
  const target = isOptional(operand) ? (operand.parameters[0] ?? dynType) : operand;
  const type = selectedType(checking, at, target, field);
  return isOptional(operand) || optional ? optionalType(type) : type;
}

function selectedType(checking: Checking, at: { readonly offset: number }, target: Type, field: string): Type {
  switch (target.kind) {
    case 'map':
      return target.parameters[1] ?? dynType;
    case 'object':
      return declaredFieldType(checking, at, target.name, field) ?? errorType;
    case 'param':
      assign(checking, dynType, target);
      return dynType;
    case 'dyn':
    case 'error':
      return dynType;
    default:
      report(checking, at, `type '${formatType(target)}' does not support field selection`);
      return dynType;
  }
}
