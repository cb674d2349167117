import { goQuote } from '../go-text.ts';
import type { Correlated } from './correlation.ts';
import { type Findings, mergeFindings, noFindings, reportGeneral, type Walk } from './findings.ts';
import type { JsonSchema } from './json-schema.ts';

type Check = (value: unknown, walk: Walk, pair: Correlated | undefined) => void;
export type AlternativesCheck = (value: unknown, walk: Walk) => void;

function later(schema: JsonSchema, compile: (schema: JsonSchema) => Check): Check {
  let check: Check | undefined;
  return (value, walk, pair) => {
    check ??= compile(schema);
    check(value, walk, pair);
  };
}

/** What one alternative finds, by itself: nothing in here is ratcheted. */
function findingsOf(check: Check, value: unknown, walk: Walk): Findings {
  const outer = walk.found;
  const found = noFindings();
  walk.found = found;
  check(value, walk, undefined);
  walk.found = outer;
  return found;
}

function checkAnyOf(checks: readonly Check[], value: unknown, walk: Walk): void {
  let best: Findings | undefined;
  for (const check of checks) {
    const found = findingsOf(check, value, walk);
    if (found.list.length === 0) {
      walk.found.matches += found.matches;
      return;
    }
    if (best === undefined || found.matches > best.matches) best = found;
  }
  reportGeneral(walk, (name) => `${goQuote(name)} must validate at least one schema (anyOf)`);
  if (best !== undefined) mergeFindings(walk.found, best);
}

function checkOneOf(checks: readonly Check[], value: unknown, walk: Walk): void {
  const all = checks.map((check) => findingsOf(check, value, walk));
  const valid = all.filter(({ list }) => list.length === 0);
  const [first] = valid;
  if (valid.length === 1 && first !== undefined) {
    walk.found.matches += first.matches;
    return;
  }
  const count = valid.length === 0 ? 'Found none valid' : `Found ${valid.length} valid alternatives`;
  reportGeneral(walk, (name) => `${goQuote(name)} must validate one and only one schema (oneOf). ${count}`);
  // Upstream forgets failures when an alternative fits, and remembers none after.
  if (valid.length > 0) return;
  const best = all.reduce((most, each) => (each.matches > most.matches ? each : most));
  mergeFindings(walk.found, best);
}

function checkAllOf(checks: readonly Check[], value: unknown, walk: Walk): void {
  let valid = 0;
  for (const check of checks) {
    const found = findingsOf(check, value, walk);
    if (found.list.length === 0) valid += 1;
    mergeFindings(walk.found, found);
  }
  if (valid === checks.length) return;
  const none = valid === 0 ? '. None validated' : '';
  reportGeneral(walk, (name) => `${goQuote(name)} must validate all the schemas (allOf)${none}`);
}

/** anyOf, oneOf, allOf and not; undefined when a schema has none of them. */
export function alternativesCheck(
  schema: JsonSchema,
  compile: (schema: JsonSchema) => Check,
): AlternativesCheck | undefined {
  const compiled = (schemas: readonly JsonSchema[] = []) => schemas.map((each) => later(each, compile));
  const [anyOf, oneOf, allOf] = [compiled(schema.anyOf), compiled(schema.oneOf), compiled(schema.allOf)];
  const not = schema.not === undefined ? undefined : later(schema.not, compile);
  if (anyOf.length + oneOf.length + allOf.length === 0 && not === undefined) return undefined;
  return (value, walk) => {
    if (anyOf.length > 0) checkAnyOf(anyOf, value, walk);
    if (oneOf.length > 0) checkOneOf(oneOf, value, walk);
    if (allOf.length > 0) checkAllOf(allOf, value, walk);
    if (not === undefined || findingsOf(not, value, walk).list.length > 0) return;
    reportGeneral(walk, (name) => `${goQuote(name)} must not validate the schema (not)`);
  };
}
