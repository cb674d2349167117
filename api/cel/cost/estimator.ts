import type { CallExpr, CheckedAst, ComprehensionExpr, Expr, ListExpr, MapExpr, SelectExpr } from '../ast.ts';
import {
  type CallEstimate,
  type EstimatedCall,
  listCost,
  mapCost,
  type Operand,
  type SizeHint,
  structCost,
} from './call-estimates.ts';
import { add, type Estimate, fixed, maxUint64, multiply, one, union, unknown, zero } from './estimate.ts';
import {
  copySizes,
  type Estimating,
  entrySizeOf,
  hintedSize,
  type Local,
  localOf,
  operandOf,
  pathOf,
  pop,
  push,
  pushValue,
  setEntryUnion,
  sizeOfExpr,
  typeOf,
  unionOf,
} from './estimating.ts';
import { kubernetesCallEstimate } from './kubernetes-calls.ts';
import { overloadEstimate } from './list-calls.ts';
import { standardCallEstimate } from './standard-calls.ts';

/** What evaluating may cost, given what schemas say about sizes. */
export function estimateCost(ast: CheckedAst, sizeHint: SizeHint): Estimate {
  const state: Estimating = {
    ast,
    sizeHint,
    paths: new Map(),
    locals: new Map(),
    sizes: new Map(),
    entrySizes: new Map(),
  };
  return costOf(state, ast.expr);
}

function costOf(state: Estimating, expr: Expr): Estimate {
  switch (expr.kind) {
    case 'const':
      return zero;
    case 'ident':
      state.paths.set(expr.id, localOf(state, expr)?.path ?? [expr.name]);
      return one;
    case 'select':
      return selectCost(state, expr);
    case 'call':
      return callCost(state, expr);
    case 'list':
      return listLiteralCost(state, expr);
    case 'map':
      return mapLiteralCost(state, expr);
    case 'struct':
      return add(...expr.fields.map(({ value }) => costOf(state, value)), fixed(structCost));
    case 'comprehension':
      return isBinding(expr) ? bindingCost(state, expr) : comprehensionCost(state, expr);
  }
}

function selectCost(state: Estimating, expr: SelectExpr): Estimate {
  // Kubernetes keeps has() free, as it once was by mistake.
  const operand = costOf(state, expr.operand);
  if (expr.testOnly) return operand;
  state.paths.set(expr.id, [...pathOf(state, expr.operand), expr.field]);
  const { kind } = typeOf(state, expr.operand);
  return kind === 'map' || kind === 'object' || kind === 'param' ? add(operand, one) : operand;
}

function callCost(state: Estimating, expr: CallExpr): Estimate {
  const [first] = expr.args;
  if (expr.name === 'dyn' && first !== undefined) {
    const cost = costOf(state, first);
    copySizes(state, expr, first);
    return add(cost, one);
  }
  const costs: Estimate[] = [];
  const args = expr.args.map((arg) => {
    costs.push(costOf(state, arg));
    return operandOf(state, arg);
  });
  const reference = state.ast.references.get(expr.id);
  if (reference?.kind !== 'function') return zero;
  const targetCost = expr.target === undefined ? zero : costOf(state, expr.target);
  const target = expr.target && operandOf(state, expr.target);
  let cost: Estimate = { min: maxUint64, max: 0n };
  let resultSize: Estimate | undefined;
  for (const overload of reference.overloads) {
    const sizeOf = (operand: Operand | undefined) => hintedSize(state, operand);
    const call = { name: expr.name, overload, target, args, sizeOf };
    const estimate = overloadCost(state, expr, call, costs);
    cost = union(cost, estimate.cost);
    if (estimate.resultSize !== undefined) {
      resultSize = resultSize ? union(resultSize, estimate.resultSize) : estimate.resultSize;
    }
    if (first !== undefined && (overload === 'index_list' || overload === 'index_map')) {
      resultSize = entrySizeOf(state, first)?.value;
      const part = overload === 'index_list' ? '@items' : '@values';
      state.paths.set(expr.id, [...pathOf(state, first), part]);
    }
    resultSize ??= sizeOfExpr(state, expr);
  }
  if (resultSize !== undefined) state.sizes.set(expr.id, resultSize);
  return add(targetCost, cost);
}

function overloadCost(
  state: Estimating,
  expr: CallExpr,
  call: EstimatedCall,
  costs: readonly Estimate[],
): CallEstimate {
  const special = overloadEstimate(call) ?? kubernetesCallEstimate(call);
  if (special !== undefined) return { ...special, cost: add(special.cost, ...costs) };
  const [first = zero, second = zero, third = zero] = costs;
  switch (call.overload) {
    case 'logical_and':
    case 'logical_or':
      return { cost: { min: first.min, max: add(first, second).max } };
    case 'conditional': {
      const [, whenTrue, whenFalse] = expr.args;
      if (whenTrue && whenFalse) setEntryUnion(state, expr, whenTrue, whenFalse);
      const size = (operand: Operand | undefined) => operand?.size ?? unknown;
      const resultSize = union(size(call.args[1]), size(call.args[2]));
      return { cost: add(first, union(second, third)), resultSize };
    }
    default: {
      const [left, right] = expr.args;
      if (call.overload.startsWith('add_') && left && right && isSequence(call.overload)) {
        setEntryUnion(state, expr, left, right);
      }
      const estimate = standardCallEstimate(call);
      return { ...estimate, cost: add(estimate.cost, ...costs) };
    }
  }
}

function isSequence(overload: string): boolean {
  return overload === 'add_list' || overload === 'add_string' || overload === 'add_bytes';
}

function listLiteralCost(state: Estimating, expr: ListExpr): Estimate {
  const cost = add(...expr.elements.map((each) => costOf(state, each)), fixed(listCost));
  const value = unionOf(state, expr.elements);
  state.entrySizes.set(expr.id, { container: 'list', key: one, value });
  return cost;
}

function mapLiteralCost(state: Estimating, expr: MapExpr): Estimate {
  const costs = expr.entries.flatMap(({ key, value }) => [costOf(state, key), costOf(state, value)]);
  state.entrySizes.set(expr.id, {
    container: 'map',
    key: unionOf(
      state,
      expr.entries.map(({ key }) => key),
    ),
    value: unionOf(
      state,
      expr.entries.map(({ value }) => value),
    ),
  });
  return add(...costs, fixed(mapCost));
}

/** cel.bind and its like: a name for a value. */
function isBinding(expr: ComprehensionExpr): boolean {
  const { iterRange, loopCondition, accuVar } = expr;
  return (
    iterRange.kind === 'list' &&
    iterRange.elements.length === 0 &&
    loopCondition.kind === 'const' &&
    loopCondition.constant.value === false &&
    accuVar !== '__result__'
  );
}

function bindingCost(state: Estimating, expr: ComprehensionExpr): Estimate {
  const range = costOf(state, expr.iterRange);
  const init = costOf(state, expr.accuInit);
  pushValue(state, expr.accuVar, expr.accuInit);
  const result = costOf(state, expr.result);
  pop(state, expr.accuVar);
  copySizes(state, expr, expr.result);
  return add(range, init, result);
}

function comprehensionCost(state: Estimating, expr: ComprehensionExpr): Estimate {
  const range = costOf(state, expr.iterRange);
  const init = costOf(state, expr.accuInit);
  pushValue(state, expr.accuVar, expr.accuInit);
  pushIteration(state, expr);
  const loop = costOf(state, expr.loopCondition);
  const step = costOf(state, expr.loopStep);
  pop(state, expr.iterVar);
  if (expr.iterVar2 !== undefined) pop(state, expr.iterVar2);
  const result = costOf(state, expr.result);
  pop(state, expr.accuVar);
  const count = sizeOfExpr(state, expr.iterRange) ?? unknown;
  setResultSizes(state, expr, count);
  return add(range, init, result, multiply(count, add(step, loop)));
}

function setResultSizes(state: Estimating, expr: ComprehensionExpr, count: Estimate): void {
  const { kind } = expr.accuInit;
  if (kind === 'const') {
    const size = sizeOfExpr(state, expr.accuInit);
    if (size !== undefined) state.sizes.set(expr.id, size);
  }
  if (kind !== 'list' && kind !== 'map') return;
  state.sizes.set(expr.id, count);
  const entrySize = entrySizeOf(state, expr.loopStep);
  if (entrySize !== undefined) state.entrySizes.set(expr.id, entrySize);
}

function pushIteration(state: Estimating, expr: ComprehensionExpr): void {
  const entry = entrySizeOf(state, expr.iterRange);
  const isList = (entry?.container ?? typeOf(state, expr.iterRange).kind) === 'list';
  const path = pathOf(state, expr.iterRange);
  const local = (part: string, size: Estimate | undefined): Local => {
    return { path: [...path, part], size, entrySize: undefined };
  };
  const element = local(isList ? '@items' : '@values', entry?.value);
  if (expr.iterVar2 !== undefined) {
    push(state, expr.iterVar, local(isList ? '@indices' : '@keys', entry?.key));
    push(state, expr.iterVar2, element);
  } else {
    push(state, expr.iterVar, isList ? element : local('@keys', entry?.key));
  }
}
