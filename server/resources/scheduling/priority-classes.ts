import { type FieldErrors, FieldPath, forbidden, invalid, notSupported, required } from '../../../api/field-error.ts';
import type { Api } from '../../../api/object.ts';
import type { Strategy } from '../../registry/strategy.ts';

export type PriorityClass = Api<'io.k8s.api.scheduling.v1.PriorityClass'>;

/** Priorities above this belong to the system. */
export const highestUserDefinablePriority = 1_000_000_000;
const systemPrefix = 'system-';

/** The classes that every cluster has, and the only ones that may be named so. */
export const systemPriorityClasses: readonly {
  readonly name: string;
  readonly value: number;
  readonly description: string;
}[] = [
  {
    name: 'system-node-critical',
    value: 2 * highestUserDefinablePriority + 1000,
    description: 'Used for system critical pods that must not be moved from their current node.',
  },
  {
    name: 'system-cluster-critical',
    value: 2 * highestUserDefinablePriority,
    description:
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  },
];

const preemptionPolicies = ['PreemptLowerPriority', 'Never'];
const policyPath = FieldPath.of('preemptionPolicy');

/** Why a class of this name is not one of the system's; undefined when it is. */
function notKnown(name: string, value: number, globalDefault: boolean): string | undefined {
  const known = systemPriorityClasses.find((each) => each.name === name);
  if (known === undefined) return `${name} is not a known system priority class`;
  if (known.value !== value) return `value of ${name} PriorityClass must be ${known.value}`;
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}

function validateCreate(priorityClass: Readonly<PriorityClass>): FieldErrors {
  const { value = 0, globalDefault = false, preemptionPolicy } = priorityClass;
  const name = priorityClass.metadata?.name ?? '';
  const errors: FieldErrors = [];
  if (name.startsWith(systemPrefix)) {
    const why = notKnown(name, value, globalDefault);
    const detail = `priority class names with '${systemPrefix}' prefix are reserved for system use only. error: ${why}`;
    if (why !== undefined) errors.push(forbidden(FieldPath.of('metadata', 'name'), detail));
  } else if (value > highestUserDefinablePriority) {
    const detail = `maximum allowed value of a user defined priority is ${highestUserDefinablePriority}`;
    errors.push(forbidden(FieldPath.of('value'), detail));
  }
  if (preemptionPolicy === '') errors.push(required(policyPath));
  else if (preemptionPolicy !== undefined && !preemptionPolicies.includes(preemptionPolicy)) {
    errors.push(notSupported(policyPath, preemptionPolicy, preemptionPolicies));
  }
  return errors;
}

function validateUpdate(priorityClass: Readonly<PriorityClass>, old: Readonly<PriorityClass>): FieldErrors {
  const errors: FieldErrors = [];
  if ((priorityClass.value ?? 0) !== (old.value ?? 0))
    errors.push(forbidden(FieldPath.of('value'), 'may not be changed in an update.'));
  if (priorityClass.preemptionPolicy !== old.preemptionPolicy) {
    errors.push(invalid(policyPath, priorityClass.preemptionPolicy, 'field is immutable'));
  }
  return errors;
}

export const priorityClasses: Strategy<PriorityClass> = {
  resource: 'priorityclasses.scheduling.k8s.io',
  generation: true,
  generationChanged: () => false,
  applyDefaults(priorityClass) {
    priorityClass.preemptionPolicy ??= 'PreemptLowerPriority';
  },
  validateCreate,
  validateUpdate,
};
