import type { FieldErrorReason, FieldErrors, FieldPath } from '../field-error.ts';
import { type Correlated, correlate, isUnchanged, memberOf } from './correlation.ts';
import { embeddedErrors } from './embedded.ts';
import { fieldErrorOf, noFindings, type Walk } from './findings.ts';
import { valueError } from './go-print.ts';
import type { JsonSchema } from './json-schema.ts';
import { listTypeErrors } from './list-types.ts';
import { preparedRules } from './prepare-rules.ts';
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
  /** Filled with texts for Warning headers: rules that failed before the update and still do. */
  readonly warnings?: string[];
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
 * the schema, embedded objects, list types, CEL rules (see `prepareRules`). `path` is where the object stands: `FieldPath.of()`.
 */
export function validateCustomResource(
  object: unknown,
  structural: Structural,
  path: FieldPath,
  options: ValidateOptions = {},
): FieldErrors {
  const { old, before = [], scale = [], statusOnly = false } = options;
  const root = structural.root();
  const pair = old === undefined ? undefined : correlate(object, old, root);
  const errors = [...valueErrors(object, structural, pair, statusOnly, path), ...scale];
  if (root.has.embedded && !statusOnly) errors.push(...embeddedErrors(object, root, undefined));
  if (root.has.keyedLists) {
    const found = listTypeErrors(object, root);
    if (found.length > 0 && (old === undefined || listTypeErrors(old, root).length === 0)) errors.push(...found);
  }
  if (root.has.rules) errors.push(...ruleErrors(object, structural, pair, [...before, ...errors], options));
  return errors;
}

const blocking: ReadonlySet<FieldErrorReason> = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);

function ruleErrors(
  value: unknown,
  structural: Structural,
  pair: Correlated | undefined,
  found: FieldErrors,
  { old, warnings }: ValidateOptions,
): FieldErrors {
  if (found.some(({ reason }) => blocking.has(reason))) {
    const detail =
      'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';
    return [valueError('FieldValueInvalid', '', null, detail)];
  }
  const outcome = preparedRules(structural)({ path: undefined, value, old, pair });
  warnings?.push(...outcome.warnings);
  return outcome.errors;
}
