import type { ConstExpr, Expr, IdentExpr, SelectExpr } from '../ast.ts';
import { type Attribute, addQualifier, resolveAttribute } from './attribute.ts';
import { planCall } from './calls.ts';
import { planFold } from './fold.ts';
import { charge, type Eval } from './frame.ts';
import { planList, planMap, planStruct } from './literals.ts';
import { attributeOf, attributeStep, constant, type Planner, type Scope, type Step } from './planner.ts';
import { adapt, CelError, Double, Optional, TypeValue, Uint, type Value } from './values.ts';

/** Makes closures of a checked tree: the shape and the costs of cel-go's own plan. */
export function createPlanner(options: Omit<Planner, 'plan' | 'slots'>): Planner {
  const planner: Planner = { ...options, slots: 0, plan: (expr, scope) => planExpr(planner, expr, scope) };
  return planner;
}

function planExpr(planner: Planner, expr: Expr, scope: Scope): Step {
  switch (expr.kind) {
    case 'const':
      return constant(literal(expr));
    case 'ident':
      return planIdent(planner, expr, scope);
    case 'select':
      return planSelect(planner, expr, scope);
    case 'call':
      return planCall(planner, expr, scope);
    case 'list':
      return planList(planner, expr, scope);
    case 'map':
      return planMap(planner, expr, scope);
    case 'struct':
      return planStruct(planner, expr, scope);
    case 'comprehension':
      return planFold(planner, expr, scope);
  }
}

function literal({ constant: { type, value } }: ConstExpr): Value {
  switch (type) {
    case 'int':
      return Number.isSafeInteger(Number(value)) ? Number(value) : value;
    case 'uint':
      return new Uint(value);
    case 'double':
      return new Double(value);
    default:
      return value;
  }
}

function planIdent(planner: Planner, expr: IdentExpr, scope: Scope): Step {
  const reference = planner.ast.references.get(expr.id);
  const name = reference?.kind === 'ident' ? reference.name : expr.name;
  if (reference?.kind === 'ident' && reference.typeValue !== undefined) {
    return constant(new TypeValue(reference.typeValue.name));
  }
  return attributeStep({ base: scope.get(name) ?? variable(name), qualifiers: [] });
}

function variable(name: string): Eval {
  const missing = new CelError(`no such attribute(s): ${name}`);
  return (frame) => {
    const value = frame.resolve(name);
    return value === undefined ? missing : value instanceof CelError ? value : adapt(value);
  };
}

function planSelect(planner: Planner, expr: SelectExpr, scope: Scope): Step {
  const operand = planner.plan(expr.operand, scope);
  const attribute = attributeOf(operand);
  addQualifier(attribute, { key: expr.field, optional: false, testOnly: expr.testOnly });
  if (!expr.testOnly) return operand.attribute === undefined ? attributeStep(attribute) : operand;
  return { attribute, evaluate: presence(attribute) };
}

/** A has() costs no more than its steps. */
function presence(attribute: Attribute): Eval {
  const own = attribute.branches === undefined ? 0 : -1;
  return (frame) => {
    const result = resolveAttribute(attribute, frame);
    charge(frame, own);
    return result instanceof Optional ? result.value !== undefined : result;
  };
}
