import type { CheckedAst, ComprehensionExpr, Constant, Expr, SelectExpr } from '../ast.ts';
import type { Issue } from '../source.ts';
import {
  boolType,
  bytesType,
  doubleType,
  dynType,
  errorType,
  formatType,
  intType,
  nullType,
  stringType,
  type Type,
  uintType,
} from '../types.ts';
import { checkList, checkMap, checkStruct } from './aggregates.ts';
import { checkCall } from './calls.ts';
import { assign, type Checking, inScope, knownTypeOf, report, startChecking, typeOf } from './checking.ts';
import { fieldType } from './fields.ts';
import { qualifiedName, reportMismatch, reportUndeclared } from './messages.ts';
import { type Declarations, lookupIdent } from './scope.ts';
import { substitute } from './unification.ts';

/** Gives every node its type and resolves names and overloads, or says what is wrong. */
export function check(
  expr: Expr,
  declarations: Declarations,
): { readonly ast: CheckedAst; readonly issues: readonly Issue[] } {
  const checking = startChecking(declarations);
  const checked = checkExpr(checking, expr);
  const types = new Map([...checking.types].map(([id, type]) => [id, substitute(checking.substitutions, type, true)]));
  const outputType = types.get(checked.id) ?? errorType;
  const { references, issues } = checking;
  return { ast: { expr: checked, types, references, outputType }, issues };
}

const constantTypes: Readonly<Record<Constant['type'], Type>> = {
  null: nullType,
  bool: boolType,
  int: intType,
  uint: uintType,
  double: doubleType,
  string: stringType,
  bytes: bytesType,
};

function checkExpr(checking: Checking, expr: Expr): Expr {
  const { types } = checking;
  switch (expr.kind) {
    case 'const':
      types.set(expr.id, constantTypes[expr.constant.type]);
      return expr;
    case 'ident': {
      const resolved = resolveName(checking, expr, expr.name);
      if (resolved !== undefined) return resolved;
      reportUndeclared(checking, expr, expr.name);
      types.set(expr.id, errorType);
      return expr;
    }
    case 'select':
      return checkSelect(checking, expr);
    case 'call':
      return checkCall(checking, expr, checkExpr);
    case 'list':
      return checkList(checking, expr, checkExpr);
    case 'map':
      return checkMap(checking, expr, checkExpr);
    case 'struct':
      return checkStruct(checking, expr, checkExpr);
    case 'comprehension':
      return checkComprehension(checking, expr);
  }
}

/** The identifier that a name (with dots, maybe) stands for. */
function resolveName(checking: Checking, expr: Expr, name: string): Expr | undefined {
  const ident = lookupIdent(checking.declarations, checking.scope, name);
  if (ident === undefined) return undefined;
  checking.types.set(expr.id, ident.type);
  checking.references.set(expr.id, {
    kind: 'ident',
    name: ident.name,
    ...(ident.typeValue && { typeValue: ident.typeValue }),
  });
  return { kind: 'ident', id: expr.id, offset: expr.offset, name: ident.name };
}

function checkSelect(checking: Checking, expr: SelectExpr): Expr {
  const name = qualifiedName(expr);
  const resolved = name === undefined ? undefined : resolveName(checking, expr, name);
  if (resolved !== undefined) return resolved;
  const operand = checkExpr(checking, expr.operand);
  const field = fieldType(checking, { ...expr, operand }, expr.field, false);
  const type = expr.testOnly ? boolType : field;
  checking.types.set(expr.id, substitute(checking.substitutions, type, false));
  return { ...expr, operand };
}

function checkComprehension(checking: Checking, expr: ComprehensionExpr): Expr {
  const iterRange = checkExpr(checking, expr.iterRange);
  const accuInit = checkExpr(checking, expr.accuInit);
  const rangeType = knownTypeOf(checking, iterRange);
  const accuType = typeOf(checking, accuInit);
  return inScope(checking, new Map([[expr.accuVar, accuType]]), () => {
    const variables = iterationVariables(checking, { ...expr, iterRange }, rangeType);
    const [loopCondition, loopStep] = inScope(checking, variables, () => {
      const condition = checkExpr(checking, expr.loopCondition);
      expectType(checking, condition, boolType);
      const step = checkExpr(checking, expr.loopStep);
      expectType(checking, step, accuType);
      return [condition, step] as const;
    });
    const result = checkExpr(checking, expr.result);
    checking.types.set(expr.id, knownTypeOf(checking, result));
    return { ...expr, iterRange, accuInit, loopCondition, loopStep, result };
  });
}

function iterationVariables(checking: Checking, expr: ComprehensionExpr, range: Type): ReadonlyMap<string, Type> {
  const [first, second] = iterationTypes(checking, expr.iterRange, range);
  if (expr.iterVar2 === undefined) {
    return new Map([[expr.iterVar, range.kind === 'list' ? second : first]]);
  }
  return new Map([
    [expr.iterVar, first],
    [expr.iterVar2, second],
  ]);
}

/** Of a list index and element, of a map key and value. */
function iterationTypes(checking: Checking, expr: Expr, range: Type): readonly [Type, Type] {
  const [first = dynType, second = dynType] = range.parameters;
  switch (range.kind) {
    case 'list':
      return [intType, first];
    case 'map':
      return [first, second];
    case 'dyn':
    case 'error':
    case 'param':
      assign(checking, dynType, range);
      return [dynType, dynType];
    default:
      report(
        checking,
        expr,
        `expression of type '${formatType(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
      );
      return [errorType, errorType];
  }
}

function expectType(checking: Checking, expr: Expr, type: Type): void {
  const actual = typeOf(checking, expr);
  if (!assign(checking, type, actual)) reportMismatch(checking, expr, type, actual);
}
