import { type AlternativesCheck, alternativesCheck } from './check-alternatives.ts';
import { enumCheck } from './check-enum.ts';
import { numberCheck } from './check-numbers.ts';
import { effectiveFormat, stringChecks } from './check-strings.ts';
import { typeCheck } from './check-type.ts';
import { type Correlated, isUnchanged, itemOf, memberOf } from './correlation.ts';
import { addFinding, nameOf, reportInvalid, type Walk } from './findings.ts';
import { additionalOf, itemsOf, type JsonSchema } from './json-schema.ts';
import { isJsonObject, type JsonObject } from './structural.ts';

/** Checks one value where `walk` stands. With `pair`, findings about what did not change since the last write are dropped. */
export type ValueCheck = (value: unknown, walk: Walk, pair: Correlated | undefined) => void;

type ObjectCheck = (value: JsonObject, walk: Walk, pair: Correlated | undefined) => void;
type ListCheck = (value: readonly unknown[], walk: Walk, pair: Correlated | undefined) => void;

/** Compiled when a value first stands there: schemas are large and objects small. */
function later(schema: JsonSchema): ValueCheck {
  let check: ValueCheck | undefined;
  return (value, walk, pair) => {
    check ??= compileValueCheck(schema);
    if (pair === undefined) {
      check(value, walk, undefined);
      return;
    }
    const before = walk.found.list.length;
    check(value, walk, pair);
    if (walk.found.list.length > before && isUnchanged(pair)) walk.found.list.length = before;
  };
}

function isTypeMeta(name: string): boolean {
  return name === 'apiVersion' || name === 'kind';
}

function inside(check: ValueCheck, step: string | number, value: unknown, walk: Walk, pair: Correlated | undefined) {
  walk.way.push(step);
  check(value, walk, pair);
  walk.way.pop();
}

function reportCount(walk: Walk, kind: 'items' | 'properties', count: number, min?: number, max?: number): void {
  if (min !== undefined && count < min) reportInvalid(walk, count, `should have at least ${min} ${kind}`);
  if (max === undefined || count <= max) return;
  const name = nameOf(walk.way);
  const text = `${name} in body should have at most ${max} ${kind}`;
  addFinding(walk.found, { kind: 'tooMany', name, value: count, limit: max, text });
}

function checkRequired(required: readonly string[], value: JsonObject, walk: Walk): void {
  for (const name of required) {
    if (Object.hasOwn(value, name)) continue;
    const path = `${nameOf(walk.way)}.${name}`;
    addFinding(walk.found, { kind: 'required', name: path, text: `${path} in body is required` });
  }
}

function objectCheck(schema: JsonSchema): ObjectCheck {
  const properties = new Map(Object.entries(schema.properties ?? {}).map(([name, each]) => [name, later(each)]));
  const { required = [], minProperties, maxProperties } = schema;
  const additionalSchema = additionalOf(schema);
  const additional = additionalSchema === undefined ? undefined : later(additionalSchema);
  const isClosed = schema.additionalProperties === false;
  return (value, walk, pair) => {
    if (minProperties !== undefined || maxProperties !== undefined)
      reportCount(walk, 'properties', Object.keys(value).length, minProperties, maxProperties);
    const isRoot = walk.way.length === 0;
    for (const name of Object.keys(value)) {
      const property = properties.get(name);
      if (property !== undefined) {
        const child = pair === undefined || (isRoot && isTypeMeta(name)) ? undefined : memberOf(pair, name);
        inside(property, name, value[name], walk, child);
      } else if (isClosed) {
        const path = nameOf(walk.way);
        const text = `${path}.${name} in body is a forbidden property`;
        addFinding(walk.found, { kind: 'invalid', name: path, value: name, text });
      } else if (additional !== undefined) {
        inside(additional, name, value[name], walk, memberOf(pair, name));
      }
    }
    if (required.length > 0) checkRequired(required, value, walk);
  };
}

function hasDuplicates(list: readonly unknown[]): boolean {
  return new Set(list.map((item) => JSON.stringify(item))).size < list.length;
}

function listCheck(schema: JsonSchema): ListCheck {
  const itemSchema = itemsOf(schema);
  const item = itemSchema === undefined ? undefined : later(itemSchema);
  const { minItems, maxItems, uniqueItems = false } = schema;
  return (value, walk, pair) => {
    if (item !== undefined) {
      for (let i = 0; i < value.length; i += 1) inside(item, i, value[i], walk, itemOf(pair, i));
    }
    reportCount(walk, 'items', value.length, minItems, maxItems);
    if (uniqueItems && hasDuplicates(value)) {
      const name = nameOf(walk.way);
      addFinding(walk.found, { kind: 'invalid', name, text: `${name} in body shouldn't contain duplicates` });
    }
    walk.found.matches += 1;
  };
}

function checkString(value: string, walk: Walk, checks: ReturnType<typeof stringChecks>): void {
  checks.text?.(value, walk);
  walk.found.matches += 1;
  if (checks.format === undefined) return;
  checks.format(value, walk);
  walk.found.matches += 1;
}

/**
 * Compiles what kube-openapi's validator does with one schema: the same checks in the same order, and the same count of matches,
 * which decides whose errors are told when all alternatives fail.
 */
export function compileValueCheck(schema: JsonSchema): ValueCheck {
  const format = effectiveFormat(schema);
  const type = typeCheck(schema, format);
  const alternatives: AlternativesCheck | undefined = alternativesCheck(schema, compileValueCheck);
  const strings = stringChecks(schema);
  const numbers = numberCheck(schema);
  const oneOfValues = enumCheck(schema);
  let objects: ObjectCheck | undefined;
  let lists: ListCheck | undefined;
  return (value, walk, pair) => {
    const { found } = walk;
    if (value === null || value === undefined) {
      type?.(null, walk);
      found.matches += type === undefined ? 1 : 0;
      oneOfValues?.(null, walk);
      return;
    }
    if (type !== undefined) {
      type(value, walk);
      found.matches += 1;
    }
    alternatives?.(value, walk);
    found.matches += 2;
    if (typeof value === 'string') {
      checkString(value, walk, strings);
    } else if (typeof value === 'number' || typeof value === 'bigint') {
      numbers?.(value, walk);
      found.matches += 2;
    } else if (Array.isArray(value)) {
      lists ??= listCheck(schema);
      lists(value, walk, pair);
      found.matches += 1;
    }
    oneOfValues?.(value, walk);
    found.matches += 1;
    if (isJsonObject(value)) {
      objects ??= objectCheck(schema);
      objects(value, walk, pair);
      found.matches += 1;
    }
    found.matches += 1;
  };
}
