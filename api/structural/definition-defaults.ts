import { type FieldErrors, type FieldPath, fieldErrorMessage } from '../field-error.ts';
import { coerceNode, type DecodeMetadata, embeddedErrors } from './embedded.ts';
import { sortedJson, valueError } from './go-print.ts';
import { pruneNode } from './prune.ts';
import { costPerObject } from './rules/rule.ts';
import type { RuleCompiler } from './rules/rule-check.ts';
import { isJsonObject, type JsonObject, type Node } from './structural.ts';
import { schemaErrors } from './validate.ts';
import { compileValueCheck } from './value-check.ts';

export interface DefinitionCheckDeps {
  readonly decodeMetadata: DecodeMetadata;
  /** Needed by schemas that have rules. */
  readonly compiler: RuleCompiler | undefined;
}

/** The object that surrounds a default: the way to it from the nearest resource. */
type Way = readonly (string | undefined)[];

interface Place {
  readonly path: FieldPath;
  readonly node: Node;
  /** The nearest resource above, or the node itself. */
  readonly resource: Node;
  /** From the resource to here; undefined stands for an item of a list. */
  readonly way: Way;
  /** Within apiVersion, kind or metadata of the resource. */
  readonly insideMeta: boolean;
}

interface Run {
  readonly deps: DefinitionCheckDeps;
  readonly errors: FieldErrors;
  budget: number;
}

/** A resource with nothing but a value in its place. */
function surround(value: unknown, way: Way): JsonObject {
  const object = way.reduceRight<unknown>((inner, step) => (step === undefined ? [inner] : { [step]: inner }), value);
  const resource = isJsonObject(object) ? object : {};
  resource['kind'] ??= 'Validation';
  resource['apiVersion'] ??= 'validation/v1';
  return resource;
}

function aggregate(errors: FieldErrors): string {
  const texts = [...new Set(errors.map(fieldErrorMessage))];
  return texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`;
}

function metadataErrors(value: unknown, { path, resource, way }: Place, { deps }: Run): FieldErrors {
  const object = surround(structuredClone(value), way);
  const { error } = coerceNode(object, resource, undefined, deps.decodeMetadata, { isResource: true });
  const wrong =
    error === undefined ? aggregate(embeddedErrors(object, resource, undefined, true)) : fieldErrorMessage(error);
  if (wrong === '' || wrong === '[]') return [];
  return [valueError('FieldValueInvalid', path.toString(), value, `must result in valid metadata: ${wrong}`)];
}

function structureErrors(value: unknown, { path, node, resource }: Place, { deps, errors }: Run): FieldErrors {
  const isResource = node === resource;
  const pruned = structuredClone(value);
  pruneNode(pruned, node, { isResource });
  if (sortedJson(pruned) !== sortedJson(value))
    errors.push(valueError('FieldValueInvalid', path.toString(), value, 'must not have unknown fields'));
  const { error } = coerceNode(structuredClone(value), node, path, deps.decodeMetadata, { isResource });
  return error === undefined ? embeddedErrors(value, node, path, isResource) : [error];
}

function checkRules(value: unknown, { path, node, resource }: Place, run: Run): void {
  if (!node.has.rules || run.deps.compiler === undefined) return;
  const check = run.deps.compiler.compile(node, node === resource);
  // As an update that changes nothing, then as a creation: rules may ask for either.
  const kept = check({ path, value, old: value, pair: undefined }, run.budget);
  run.errors.push(...kept.errors);
  const created = kept.errors.length > 0 ? kept : check({ path, value, old: undefined, pair: undefined }, run.budget);
  if (created !== kept) run.errors.push(...created.errors);
  run.budget = Math.min(kept.budget, created.budget);
}

function checkDefault(value: unknown, outer: Place, run: Run): void {
  const place = { ...outer, path: outer.path.child('default') };
  const { node, path } = place;
  const wrong = place.insideMeta ? metadataErrors(value, place, run) : structureErrors(value, place, run);
  if (wrong.length === 0) wrong.push(...schemaErrors(value, compileValueCheck(node.schema), path));
  run.errors.push(...wrong);
  if (wrong.length === 0) checkRules(value, place, run);
}

function checkPlace(outer: Place, run: Run): void {
  const { node } = outer;
  if (!node.has.defaults || run.budget < 0) return;
  const place = node.isEmbedded ? { ...outer, resource: node, way: [], insideMeta: false } : outer;
  const { default: value } = node.schema;
  if (value !== undefined && value !== null) checkDefault(value, place, run);
  const { path, resource, way, insideMeta } = place;
  if (node.items !== undefined) {
    const inner = { path: path.child('items'), node: node.items, resource, way: [...way, undefined], insideMeta };
    checkPlace(inner, run);
  }
  const isResource = node === resource;
  for (const [name, property] of node.properties) {
    const isMeta = isResource && (name === 'metadata' || name === 'apiVersion' || name === 'kind');
    const at = path.child('properties').key(name);
    checkPlace({ path: at, node: property, resource, way: [...way, name], insideMeta: insideMeta || isMeta }, run);
  }
}

/** Why the defaults of a schema are none that its objects could have: unknown fields, bad values, broken rules. */
export function defaultErrors(root: Node, path: FieldPath, deps: DefinitionCheckDeps): FieldErrors {
  const run: Run = { deps, errors: [], budget: costPerObject };
  checkPlace({ path, node: root, resource: root, way: [], insideMeta: false }, run);
  return run.errors;
}
