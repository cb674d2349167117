import { type CallExpr, type Expr, operators } from '../ast.ts';
import type { FunctionDeclaration, Overload } from '../declarations.ts';
import { boolType, dynType, errorType, formatType, paramType, sameType, type Type } from '../types.ts';
import { assign, assignAll, type Check, type Checking, report, typeOf } from './checking.ts';
import { fieldType } from './fields.ts';
import { qualifiedName, reportMismatch, reportUndeclared } from './messages.ts';
import { lookupFunction } from './scope.ts';
import { substitute } from './unification.ts';

export function checkCall(checking: Checking, expr: CallExpr, check: Check): Expr {
  if (expr.name === operators.optSelect) return checkOptionalSelect(checking, expr, check);
  const args = expr.args.map((each) => check(checking, each));
  const { id, offset, target } = expr;
  if (target === undefined) {
    const declaration = lookupFunction(checking.declarations, expr.name);
    if (declaration === undefined) return undeclared(checking, { ...expr, args });
    const call: CallExpr = { kind: 'call', id, offset, name: declaration.name, args };
    return resolve(checking, call, declaration);
  }
  // a.b() may be the function a.b or the member b of a.
  const prefix = qualifiedName(target);
  const qualified = prefix === undefined ? undefined : lookupFunction(checking.declarations, `${prefix}.${expr.name}`);
  if (qualified !== undefined) {
    const call: CallExpr = { kind: 'call', id, offset, name: qualified.name, args };
    return resolve(checking, call, qualified);
  }
  const call: CallExpr = { ...expr, args, target: check(checking, target) };
  const declaration = lookupFunction(checking.declarations, expr.name);
  return declaration === undefined ? undeclared(checking, call) : resolve(checking, call, declaration);
}

function undeclared(checking: Checking, expr: CallExpr): Expr {
  reportUndeclared(checking, expr, expr.name);
  checking.types.set(expr.id, errorType);
  return expr;
}

function checkOptionalSelect(checking: Checking, expr: CallExpr, check: Check): Expr {
  const [first, field] = expr.args;
  if (first === undefined || field?.kind !== 'const' || field.constant.type !== 'string') {
    throw new Error('the parser gives an optional selection a field');
  }
  const operand = check(checking, first);
  const type = fieldType(checking, { offset: expr.offset, operand }, field.constant.value, true);
  checking.types.set(expr.id, substitute(checking.substitutions, type, false));
  checking.references.set(expr.id, { kind: 'function', overloads: ['select_optional_field'] });
  return { ...expr, args: [operand, field] };
}

function resolve(checking: Checking, expr: CallExpr, declaration: FunctionDeclaration): Expr {
  const operands = expr.target === undefined ? expr.args : [expr.target, ...expr.args];
  const isLogic = expr.name === operators.and || expr.name === operators.or;
  const resolved = isLogic
    ? resolveLogic(checking, expr, declaration)
    : resolveOverloads(checking, expr, declaration, operands);
  checking.types.set(expr.id, resolved?.type ?? errorType);
  if (resolved !== undefined) {
    checking.references.set(expr.id, { kind: 'function', overloads: resolved.overloads });
  }
  return expr;
}

interface Resolution {
  readonly overloads: readonly string[];
  readonly type: Type;
}

function resolveLogic(checking: Checking, expr: CallExpr, declaration: FunctionDeclaration): Resolution | undefined {
  const wrong = expr.args.filter((each) => {
    const type = typeOf(checking, each);
    if (assign(checking, type, boolType)) return false;
    reportMismatch(checking, each, boolType, type);
    return true;
  });
  if (wrong.length > 0) return undefined;
  return { overloads: declaration.overloads.map(({ id }) => id), type: boolType };
}

/** All overloads that fit count; when their results differ, the result is dyn. */
function resolveOverloads(
  checking: Checking,
  expr: CallExpr,
  declaration: FunctionDeclaration,
  operands: readonly Expr[],
): Resolution | undefined {
  const types = operands.map((each) => typeOf(checking, each));
  const overloads: string[] = [];
  let type: Type | undefined;
  for (const overload of declaration.overloads) {
    if (overload.member !== (expr.target !== undefined)) continue;
    const { parameters, result } = withFreshParameters(checking, overload);
    if (!assignAll(checking, types, parameters)) continue;
    overloads.push(overload.id);
    const resultType = substitute(checking.substitutions, result, false);
    if (type === undefined) type = resultType;
    else if (type.kind !== 'dyn' && !sameType(resultType, type)) type = dynType;
  }
  if (type !== undefined) return { overloads, type };
  const known = types.map((each) => formatType(substitute(checking.substitutions, each, true)));
  const applied = expr.target === undefined ? [] : known.splice(0, 1);
  const signature = [...applied, `(${known.join(', ')})`].join('.');
  report(checking, expr, `found no matching overload for '${declaration.name}' applied to '${signature}'`);
  return undefined;
}

function withFreshParameters(checking: Checking, overload: Overload): Pick<Overload, 'parameters' | 'result'> {
  if (overload.typeParameters.length === 0) return overload;
  const fresh = new Map(overload.typeParameters.map((name) => [name, paramType(`_var${checking.freeParameters++}`)]));
  return {
    parameters: overload.parameters.map((each) => substitute(fresh, each, false)),
    result: substitute(fresh, overload.result, false),
  };
}
