import { duplicate, type FieldErrors, FieldPath, required } from '../../../api/field-error.ts';
import type { KubeObject } from '../../../api/object.ts';

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

export function keepStatus(object: FlowObject, old: Readonly<FlowObject>): void {
  if (old.status === undefined) delete object.status;
  else object.status = structuredClone(old.status);
}

/** A write of the status changes nothing else, not even labels. */
export function keepSpecAndMeta(object: FlowObject, old: Readonly<FlowObject>): void {
  const managedFields = object.metadata?.managedFields;
  object.metadata = structuredClone(old.metadata ?? {});
  if (managedFields === undefined) delete object.metadata.managedFields;
  else object.metadata.managedFields = managedFields;
  if (old.spec === undefined) delete object.spec;
  else object.spec = structuredClone(old.spec);
}
