import { duplicate, type FieldErrors, FieldPath, required } from '../../../api/field-error.ts';
import type { KubeObject } from '../../../api/object.ts';
import { keepSpec } from '../core/kept-fields.ts';

interface FlowObject extends KubeObject {
  spec?: object;
  status?: { conditions?: { type?: string }[] };
}

const conditionsPath = FieldPath.of('status', 'conditions');

export function validateConditionTypes(object: Readonly<FlowObject>): FieldErrors {
  const seen = new Set<string>();
  return (object.status?.conditions ?? []).flatMap(({ type = '' }, i) => {
    const path = conditionsPath.index(i).child('type');
    const errors = seen.has(type) ? [duplicate(path, type)] : [];
    seen.add(type);
    return type === '' ? [...errors, required(path)] : errors;
  });
}

/** A write of the status changes nothing else, not even labels. */
export function keepSpecAndMeta(object: FlowObject, old: Readonly<FlowObject>): void {
  const managedFields = object.metadata?.managedFields;
  object.metadata = structuredClone(old.metadata ?? {});
  if (managedFields === undefined) delete object.metadata.managedFields;
  else object.metadata.managedFields = managedFields;
  keepSpec(object, old);
}
