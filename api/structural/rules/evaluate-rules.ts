import type { Program } from '../../cel/environment.ts';
import { type Evaluation, exceededCost } from '../../cel/runtime/program.ts';
import type { View } from '../../cel/runtime/typed-scalars.ts';
import { CelError, Optional, optionalNone, type Result } from '../../cel/runtime/values.ts';
import {
  type FieldError,
  type FieldErrors,
  FieldPath,
  fieldErrorMessage,
  forbidden,
  required,
} from '../../field-error.ts';
import { goQuote } from '../../go-text.ts';
import { byteLength } from '../../names.ts';
import { type Correlated, isKeyedList, isUnchanged, itemKey, itemOf, itemsByKey, memberOf } from '../correlation.ts';
import { valueError } from '../go-print.ts';
import { isJsonObject, type JsonObject, type Node } from '../structural.ts';
import type { CompiledRule } from './compile-rules.ts';
import { costPerExpression } from './rule.ts';

const maxMessageBytes = 5 * 1024;

/** Compiled rules of each place that has some; places that no expression can see are left out with all below. */
export interface RuleNode {
  readonly node: Node;
  /** Makes what expressions see of a value. */
  readonly view: View;
  readonly rules: readonly CompiledRule[];
  readonly properties: ReadonlyMap<string, RuleNode>;
  readonly additional: RuleNode | undefined;
  readonly items: RuleNode | undefined;
}

export interface RuleRun {
  /** What may still be spent; below 0 nothing runs any more. */
  budget: number;
  readonly errors: FieldErrors;
  /** Texts of errors that were there before and are only told. */
  readonly warnings: string[];
}

interface Ratchet {
  readonly current: Correlated | undefined;
  readonly nearest: Correlated | undefined;
}

interface Place {
  readonly path: FieldPath | undefined;
  readonly value: unknown;
  readonly old: unknown;
  readonly ratchet: Ratchet;
}

const outOfBudget = 'validation failed due to running out of cost budget, no further validation rules will be run';

function fieldOf(path: FieldPath | undefined): string {
  return path?.toString() ?? '';
}

function ruleText({ rule: { rule = '', message = '' } }: CompiledRule): string {
  return (message === '' ? rule : message).trim();
}

function defaultMessage(compiled: CompiledRule): string {
  const { message = '' } = compiled.rule;
  return message === '' ? `failed rule: ${ruleText(compiled)}` : message.trim();
}

/** Stops all evaluation with an error. */
function stop(run: RuleRun, error: FieldError): undefined {
  run.errors.push(error);
  run.budget = -1;
  return undefined;
}

function invalidType(place: Place, type: string, detail: string): FieldError {
  return valueError('FieldValueInvalid', fieldOf(place.path), type, detail);
}

interface Variables {
  readonly self: Result;
  readonly oldSelf: Result | undefined;
}

function evaluate(program: Program, { self, oldSelf }: Variables): Evaluation {
  const resolve = (name: string) => (name === 'self' ? self : name === 'oldSelf' ? oldSelf : undefined);
  return program.evaluate(resolve, { costLimit: costPerExpression });
}

function spend(run: RuleRun, { cost }: Evaluation): boolean {
  if (cost > run.budget) return false;
  run.budget -= cost;
  return true;
}

/** The text of a rule's messageExpression; undefined when it gives none that can be shown. */
function messageOf(
  compiled: CompiledRule,
  variables: Variables,
  run: RuleRun,
): string | { readonly stop: string } | undefined {
  const { message, rule } = compiled;
  if (message === undefined) return undefined;
  const evaluation = evaluate(message, variables);
  if (!spend(run, evaluation))
    return {
      stop: 'messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run',
    };
  if (exceededCost(evaluation))
    return {
      stop: `no further validation rules will be run due to call cost exceeds limit for messageExpression: ${goQuote(rule.messageExpression ?? '')}`,
    };
  const { value } = evaluation;
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  return text === '' || text.includes('\n') || byteLength(text) > maxMessageBytes ? undefined : text;
}

function errorForReason(
  compiled: CompiledRule,
  path: FieldPath | undefined,
  place: Place,
  type: string,
  detail: string,
): FieldError {
  const field = fieldOf(path) === '' ? '<nil>' : fieldOf(path);
  const at = path ?? FieldPath.of('<nil>');
  const isOmitted = type === 'object' || type === 'array';
  switch (compiled.rule.reason) {
    case 'FieldValueForbidden':
      return forbidden(at, detail);
    case 'FieldValueRequired':
      return required(at, detail);
    case 'FieldValueDuplicate':
      if (isOmitted) return { reason: 'FieldValueDuplicate', field, detail: 'Duplicate value' };
      return valueError('FieldValueDuplicate', field, place.value, '');
    default:
      if (isOmitted) return { reason: 'FieldValueInvalid', field, detail: `Invalid value: ${detail}` };
      return valueError('FieldValueInvalid', field, place.value, detail);
  }
}

/** False when no further rule may run. */
function checkRule(compiled: CompiledRule, place: Place, type: string, variables: Variables, run: RuleRun): boolean {
  const { program, rule, usesOldSelf } = compiled;
  if (compiled.error !== undefined) run.errors.push(invalidType(place, type, `rule compile error: ${compiled.error}`));
  if (program === undefined) return true;
  const isOptional = rule.optionalOldSelf === true;
  if (usesOldSelf && variables.oldSelf === undefined && !isOptional) return true;
  const { self, oldSelf } = variables;
  const forRule = isOptional ? { self, oldSelf: optionalOf(oldSelf) } : variables;
  const evaluation = evaluate(program, forRule);
  if (!spend(run, evaluation)) {
    stop(run, invalidType(place, type, outOfBudget));
    return false;
  }
  const { value } = evaluation;
  if (value instanceof CelError) {
    if (exceededCost(evaluation)) {
      const why = 'no further validation rules will be run due to call cost exceeds limit for rule';
      stop(run, invalidType(place, type, `'${value.message}': ${why}: ${ruleText(compiled)}`));
      return false;
    }
    const why = value.message.startsWith('no such overload')
      ? `'${value.message}': call arguments did not match a supported operator, function or macro signature for`
      : `${value.message} evaluating`;
    run.errors.push(invalidType(place, type, `${why} rule: ${ruleText(compiled)}`));
    return true;
  }
  return value === true || reportFailure(compiled, place, type, variables, run);
}

function optionalOf(oldSelf: Result | undefined): Result {
  if (oldSelf === undefined) return optionalNone;
  return oldSelf instanceof CelError ? oldSelf : new Optional(oldSelf);
}

function reportFailure(
  compiled: CompiledRule,
  place: Place,
  type: string,
  variables: Variables,
  run: RuleRun,
): boolean {
  const { fieldPath, usesOldSelf } = compiled;
  const path =
    fieldPath === '' ? place.path : place.path === undefined ? FieldPath.of(fieldPath) : place.path.child(fieldPath);
  const { current, nearest } = place.ratchet;
  const tell = (error: FieldError): void => {
    if (!usesOldSelf && isUnchanged(current ?? nearest)) run.warnings.push(fieldErrorMessage(error));
    else run.errors.push(error);
  };
  const text = messageOf(compiled, variables, run);
  if (typeof text === 'object') {
    tell(valueError('FieldValueInvalid', fieldOf(path), type, text.stop));
    run.budget = -1;
    return false;
  }
  tell(errorForReason(compiled, path, place, type, text ?? defaultMessage(compiled)));
  return true;
}

function checkRules(ruleNode: RuleNode, place: Place, run: RuleRun): void {
  const { node, rules, view } = ruleNode;
  const { type = '' } = node.schema;
  if (rules.length === 0) return;
  if (run.budget <= 0) {
    stop(run, invalidType(place, type, outOfBudget));
    return;
  }
  const { value, old } = place;
  const usesOldSelf = rules.some((rule) => rule.usesOldSelf);
  const oldSelf = !usesOldSelf || old === undefined || old === null ? undefined : view(old);
  const variables = { self: view(value), oldSelf };
  for (const rule of rules) if (!checkRule(rule, place, type, variables, run)) return;
}

function inMember(ratchet: Ratchet, name: string): Ratchet {
  const { current, nearest } = ratchet;
  if (current === undefined) return ratchet;
  if (nearest === undefined && (name === 'apiVersion' || name === 'kind'))
    return { current: undefined, nearest: undefined };
  return { current: memberOf(current, name), nearest: current };
}

function inItem(ratchet: Ratchet, index: number): Ratchet {
  const { current } = ratchet;
  return current === undefined ? ratchet : { current: itemOf(current, index), nearest: current };
}

function checkMembers(ruleNode: RuleNode, value: JsonObject, place: Place, run: RuleRun): void {
  const { additional, properties } = ruleNode;
  const old = isJsonObject(place.old) ? place.old : {};
  for (const name of Object.keys(value)) {
    const property = properties.get(name);
    const member = property ?? (ruleNode.node.properties.has(name) ? undefined : additional);
    if (member === undefined) continue;
    const path =
      property === undefined
        ? (place.path ?? FieldPath.of()).key(name)
        : (place.path?.child(name) ?? FieldPath.of(name));
    const oldMember = Object.hasOwn(old, name) ? old[name] : undefined;
    const inner = { path, value: value[name], old: oldMember, ratchet: inMember(place.ratchet, name) };
    checkPlace(member, inner, run);
    if (run.budget < 0) return;
  }
}

function checkItems(ruleNode: RuleNode, items: RuleNode, list: readonly unknown[], place: Place, run: RuleRun): void {
  const { node } = ruleNode;
  const keyed = isKeyedList(node) && Array.isArray(place.old) ? itemsByKey(place.old, node.listMapKeys) : undefined;
  for (let i = 0; i < list.length; i += 1) {
    const key = keyed === undefined ? undefined : itemKey(list[i], node.listMapKeys);
    const path = (place.path ?? FieldPath.of()).index(i);
    const old = key === undefined ? undefined : keyed?.get(key);
    checkPlace(items, { path, value: list[i], old, ratchet: inItem(place.ratchet, i) }, run);
    if (run.budget < 0) return;
  }
}

function checkPlace(ruleNode: RuleNode, place: Place, run: RuleRun): void {
  const { value } = place;
  if (value === null || value === undefined) return;
  checkRules(ruleNode, place, run);
  if (run.budget < 0) return;
  if (Array.isArray(value)) {
    if (ruleNode.items !== undefined) checkItems(ruleNode, ruleNode.items, value, place, run);
  } else if (isJsonObject(value)) {
    checkMembers(ruleNode, value, place, run);
  }
}

export interface RuleSubject {
  /** Where the value stands; undefined for a whole object. */
  readonly path: FieldPath | undefined;
  readonly value: unknown;
  readonly old: unknown;
  /** Beside its old value, where rules are ratcheted. */
  readonly pair: Correlated | undefined;
}

/** Runs all rules of a value and its parts while the budget lasts. */
export function evaluateRules(ruleNode: RuleNode, { path, value, old, pair }: RuleSubject, run: RuleRun): void {
  checkPlace(ruleNode, { path, value, old, ratchet: { current: pair, nearest: undefined } }, run);
}
