import type { Environment } from '../../cel/environment.ts';
import { type FieldErrors, type FieldPath, forbidden, internalError, invalid } from '../../field-error.ts';
import { goJson } from '../../go-text.ts';
import { additionalOf, itemsOf, type JsonSchema } from '../json-schema.ts';
import { type CompiledRule, compileRules, typesOfSchema } from './compile-rules.ts';
import { type Rule, rulesOf } from './rule.ts';

const maxUint64 = 2n ** 64n - 1n;
const costPerRule = 10_000_000n;
const costPerDefinition = 100_000_000n;
const shownRules = 4;

interface Expensive {
  readonly path: FieldPath;
  readonly cost: bigint;
}

interface Totals {
  total: bigint;
  mostExpensive: Expensive[];
}

interface Context {
  readonly environment: Environment;
  /** Fields of errors that the schema itself has: rules above and at them are not looked at. */
  readonly wrong: readonly string[];
  readonly totals: Totals;
  readonly errors: FieldErrors;
}

interface Place {
  readonly path: FieldPath;
  readonly schema: JsonSchema;
  readonly isResource: boolean;
  /** How many such values an object may hold; undefined for any number. */
  readonly cardinality: bigint | undefined;
  /** The nearest list or map above whose parts have no old value to compare with. */
  readonly uncorrelated: FieldPath | undefined;
}

function multiply(a: bigint, b: bigint): bigint {
  const product = a * b;
  return product > maxUint64 ? maxUint64 : product;
}

function costMessage(name: string, cost: bigint, limit: bigint): string {
  const factor = Number(cost) / Number(limit);
  const text = factor > 100 ? 'more than 100x' : factor < 1.5 ? `${factor.toFixed(6)}x` : `${factor.toFixed(1)}x`;
  const advice =
    '(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)';
  return `${name} exceeds budget by factor of ${text} ${advice}`;
}

function observe(totals: Totals, path: FieldPath, cost: bigint): void {
  totals.total = totals.total + cost > maxUint64 ? maxUint64 : totals.total + cost;
  if (cost < costPerDefinition / 100n) return;
  const sorted = [...totals.mostExpensive, { path, cost }].sort((a, b) =>
    a.cost < b.cost ? 1 : a.cost > b.cost ? -1 : 0,
  );
  totals.mostExpensive = sorted.slice(0, shownRules);
}

/** How many parts an object of this schema may have; undefined for any number. */
function maxElements({ type, additionalProperties, maxProperties, maxItems }: JsonSchema): bigint | undefined {
  const limit =
    type === 'array' ? maxItems : type === 'object' && additionalProperties !== undefined ? maxProperties : 1;
  return limit === undefined ? undefined : BigInt(Math.max(0, limit));
}

function inside(place: Place): bigint | undefined {
  const factor = maxElements(place.schema);
  return place.cardinality === undefined || factor === undefined ? undefined : multiply(place.cardinality, factor);
}

/** A rule as upstream prints it: its Go fields. */
function printedRule(rule: Rule): string {
  return goJson({
    Rule: rule.rule ?? '',
    Message: rule.message ?? '',
    MessageExpression: rule.messageExpression ?? '',
    Reason: rule.reason ?? null,
    FieldPath: rule.fieldPath ?? '',
    OptionalOldSelf: rule.optionalOldSelf ?? null,
  });
}

function invalidRule(path: FieldPath, rule: Rule, detail: string) {
  const text = `Invalid value: ${printedRule(rule)}: ${detail}`;
  return { reason: 'FieldValueInvalid', field: path.toString(), detail: text } as const;
}

interface Costs {
  readonly rule: bigint;
  readonly message: bigint;
}

function checkMessage(compiled: CompiledRule, cost: bigint, at: FieldPath, { errors, totals }: Context): void {
  const path = at.child('messageExpression');
  if (compiled.messageError !== undefined) errors.push(invalidRule(path, compiled.rule, compiled.messageError));
  if (compiled.message === undefined) return;
  if (cost > costPerRule)
    errors.push(forbidden(path, costMessage('estimated messageExpression cost', cost, costPerRule)));
  observe(totals, path, cost);
}

function checkRule(compiled: CompiledRule, costs: Costs, at: FieldPath, place: Place, context: Context): void {
  const { errors, totals } = context;
  const { rule, error, usesOldSelf } = compiled;
  const path = at.child('rule');
  if (costs.rule > costPerRule)
    errors.push(forbidden(path, costMessage('estimated rule cost', costs.rule, costPerRule)));
  observe(totals, path, costs.rule);
  if (error !== undefined) errors.push(invalidRule(path, rule, error));
  checkMessage(compiled, costs.message, at, context);
  if (!usesOldSelf) {
    if (rule.optionalOldSelf !== undefined)
      errors.push(
        invalid(at.child('optionalOldSelf'), rule.optionalOldSelf, 'may not be set if oldSelf is not used in rule'),
      );
  } else if (place.uncorrelated !== undefined) {
    const detail = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${place.uncorrelated}`;
    errors.push(invalid(path, rule.rule ?? '', detail));
  }
}

function checkOwnRules(place: Place, context: Context): void {
  const { path, schema, isResource, cardinality } = place;
  if (rulesOf(schema).length === 0) return;
  const here = path.toString();
  if (context.wrong.some((field) => field.startsWith(here))) return;
  const at = path.child('x-kubernetes-validations');
  const types = typesOfSchema(schema, isResource);
  if (types === undefined) {
    const why = 'unable to convert structural schema to CEL declarations';
    const what = 'internal error: failed to construct type information for x-kubernetes-validations rules';
    context.errors.push(internalError(at, `${what}: ${why}`));
    return;
  }
  const times = cardinality ?? BigInt(types.maxCardinality);
  compileRules(context.environment, schema, types).forEach((compiled, i) => {
    const { program, message } = compiled;
    const costs: Costs = {
      rule: program === undefined ? 0n : multiply(program.estimateCost(types.sizeHint).max, times),
      message: message?.estimateCost(types.sizeHint).max ?? 0n,
    };
    checkRule(compiled, costs, at.index(i), place, context);
  });
}

function checkPlace(place: Place, context: Context): void {
  const { path, schema, uncorrelated } = place;
  const cardinality = inside(place);
  const enter = (inner: JsonSchema, at: FieldPath, within = uncorrelated): void => {
    const isResource = inner['x-kubernetes-embedded-resource'] === true;
    checkPlace({ path: at, schema: inner, isResource, cardinality, uncorrelated: within }, context);
  };
  const additional = additionalOf(schema);
  if (additional !== undefined) enter(additional, path.child('additionalProperties'));
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    enter(property, path.child('properties').key(name));
  const items = itemsOf(schema);
  const isKeyed = schema['x-kubernetes-list-type'] === 'map';
  if (items !== undefined) enter(items, path.child('items'), isKeyed ? uncorrelated : (uncorrelated ?? path));
  checkOwnRules(place, context);
}

/** What is wrong with the CEL rules of a structural schema, and whether they may cost too much. `found`: errors of the schema itself. */
export function definitionRuleErrors(
  schema: JsonSchema,
  path: FieldPath,
  found: FieldErrors,
  environment: Environment,
): FieldErrors {
  const totals: Totals = { total: 0n, mostExpensive: [] };
  const context: Context = { environment, wrong: found.map(({ field }) => field), totals, errors: [] };
  checkPlace({ path, schema, isResource: true, cardinality: 1n, uncorrelated: undefined }, context);
  if (totals.total <= costPerDefinition) return context.errors;
  const contributed = 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema';
  const name = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema';
  return [
    ...context.errors,
    ...totals.mostExpensive.map((each) => forbidden(each.path, contributed)),
    forbidden(path, costMessage(name, totals.total, costPerDefinition)),
  ];
}
