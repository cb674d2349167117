import type { JsonSchema } from '../json-schema.ts';

/** One of a schema's `x-kubernetes-validations`. */
export interface Rule {
  readonly rule?: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason?: string;
  readonly fieldPath?: string;
  readonly optionalOldSelf?: boolean;
}

export function rulesOf(schema: JsonSchema): readonly Rule[] {
  return (schema['x-kubernetes-validations'] ?? []) as readonly Rule[];
}

/** What an expression may cost when it runs. */
export const costPerExpression = 1_000_000;
/** What all expressions of one object may cost. */
export const costPerObject = 10_000_000;
