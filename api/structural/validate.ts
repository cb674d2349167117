import type { FieldErrors, FieldPath } from '../field-error.ts';
import { type Correlated, correlate, isUnchanged, memberOf } from './correlation.ts';
import { embeddedErrors } from './embedded.ts';
import { fieldErrorOf, noFindings, type Walk } from './findings.ts';
import type { JsonSchema } from './json-schema.ts';
import { listTypeErrors } from './list-types.ts';
import { isJsonObject, type Structural } from './structural.ts';
import { compileValueCheck, type ValueCheck } from './value-check.ts';

export interface ValidateOptions {
  /** The stored object of an update: what was invalid before and did not change is accepted. */
  readonly old?: unknown;
  /** Errors found before, of metadata: some of them keep CEL rules from running. */
  readonly before?: FieldErrors;
  /** Errors of the scale subresource's paths; they stand between those of the schema and those of embedded objects. */
  readonly scale?: FieldErrors;
  /** Only `status` is checked against its schema: an update of the status subresource. Default false. */
  readonly statusOnly?: boolean;
}

/** Values against a schema alone. `base` is where the value stands in messages; undefined for a whole object. */
export function schemaErrors(
  value: unknown,
  check: ValueCheck,
  base: FieldPath | undefined,
  pair?: Correlated,
): FieldErrors {
  const walk: Walk = { way: [], found: noFindings() };
  check(value, walk, pair);
  const { list } = walk.found;
  if (list.length === 0 || isUnchanged(pair)) return [];
  return list.map((finding) => fieldErrorOf(finding, base));
}

function rootCheck(structural: Structural): ValueCheck {
  return structural.memo('value check', ({ schema }) => compileValueCheck(schema));
}

function statusCheck(structural: Structural): ValueCheck {
  return structural.memo('status check', ({ schema }) => {
    const status: JsonSchema | undefined = schema.properties?.['status'];
    return compileValueCheck(status ?? {});
  });
}

function valueErrors(
  object: unknown,
  structural: Structural,
  pair: Correlated | undefined,
  statusOnly: boolean,
  path: FieldPath,
) {
  if (!statusOnly) return schemaErrors(object, rootCheck(structural), undefined, pair);
  if (!isJsonObject(object) || !Object.hasOwn(object, 'status')) return [];
  return schemaErrors(object['status'], statusCheck(structural), path.child('status'), memberOf(pair, 'status'));
}

/**
 * All that upstream checks of a custom object (pruned, defaulted) but its apiVersion, kind and metadata, in upstream's order: values against
 * the schema, embedded objects, list types, CEL rules. `path` is where the object stands: `FieldPath.of()`.
 */
export function validateCustomResource(
  object: unknown,
  structural: Structural,
  path: FieldPath,
  options: ValidateOptions = {},
): FieldErrors {
  const { old, scale = [], statusOnly = false } = options;
  const root = structural.root();
  const pair = old === undefined ? undefined : correlate(object, old, root);
  const errors = [...valueErrors(object, structural, pair, statusOnly, path), ...scale];
  if (root.has.embedded && !statusOnly) errors.push(...embeddedErrors(object, root, undefined));
  if (root.has.keyedLists) {
    const found = listTypeErrors(object, root);
    if (found.length > 0 && (old === undefined || listTypeErrors(old, root).length === 0)) errors.push(...found);
  }
  return errors;
}

/** Loads and compiles the CEL rules of a schema that has some; must have ended before `validateCustomResource`. Costs nothing without rules. */
export async function prepareRules(structural: Structural): Promise<void> {
  if (!structural.root().has.rules) return;
}
