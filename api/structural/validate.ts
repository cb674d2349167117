import type { FieldErrors, FieldPath } from '../field-error.ts';
import type { Structural } from './structural.ts';

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

/**
 * All that upstream checks of a custom object (pruned, defaulted) but its apiVersion, kind and metadata, in upstream's order: values against
 * the schema, embedded objects, list types, CEL rules. `path` is where the object stands: `FieldPath.of()`.
 */
export function validateCustomResource(
  _object: unknown,
  _structural: Structural,
  _path: FieldPath,
  _options: ValidateOptions = {},
): FieldErrors {
  return [];
}

/** Loads and compiles the CEL rules of a schema that has some; must have ended before `validateCustomResource`. Costs nothing without rules. */
export async function prepareRules(structural: Structural): Promise<void> {
  if (!structural.root().has.rules) return;
}
