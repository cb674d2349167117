import { type FieldErrors, FieldPath, invalid, notSupported } from '../../../api/field-error.ts';
import { nameIsPathSegment } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import { validateConditions } from '../../../api/validation/conditions.ts';
import { hasInvalidLabelValue, validateLabelSelector } from '../../../api/validation/labels.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { atMost100Percent, nonnegative, printedSelector, validateIntOrPercent } from '../apps/workload-validation.ts';

export type PodDisruptionBudget = Api<'io.k8s.api.policy.v1.PodDisruptionBudget'>;

const specPath = FieldPath.of('spec');
const statusPath = FieldPath.of('status');
const evictionPolicies = ['AlwaysAllow', 'IfHealthyBudget'];

function validateSpec(budget: Readonly<PodDisruptionBudget>, old?: Readonly<PodDisruptionBudget>): FieldErrors {
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy } = budget.spec ?? {};
  const errors: FieldErrors = [];
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    const printed = {
      MinAvailable: minAvailable,
      Selector: printedSelector(selector),
      MaxUnavailable: maxUnavailable,
      UnhealthyPodEvictionPolicy: unhealthyPodEvictionPolicy ?? null,
    };
    errors.push(invalid(specPath, printed, 'minAvailable and maxUnavailable cannot be both set'));
  }
  for (const [name, value] of Object.entries({ minAvailable, maxUnavailable })) {
    if (value === undefined) continue;
    errors.push(...validateIntOrPercent(value, specPath.child(name)), ...atMost100Percent(value, specPath.child(name)));
  }
  if (selector !== undefined) {
    const options = { allowInvalidLabelValueInSelector: hasInvalidLabelValue(old?.spec?.selector) };
    errors.push(...validateLabelSelector(selector, options, specPath.child('selector')));
  }
  if (unhealthyPodEvictionPolicy !== undefined && !evictionPolicies.includes(unhealthyPodEvictionPolicy)) {
    const path = specPath.child('unhealthyPodEvictionPolicy');
    errors.push(notSupported(path, unhealthyPodEvictionPolicy, evictionPolicies));
  }
  return errors;
}

const counters = ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const;

export const podDisruptionBudgetStrategy: Strategy<PodDisruptionBudget> = {
  resource: 'poddisruptionbudgets.policy',
  allowUnconditionalUpdate: false,
  // Upstream checks no more of it.
  validateName: nameIsPathSegment,
  generation: true,
  applyDefaults(budget) {
    budget.spec ??= {};
  },
  prepareForCreate(budget) {
    budget.status = { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 };
  },
  validateCreate: (budget) => validateSpec(budget),
  prepareForUpdate(budget, old) {
    budget.status = old.status;
  },
  validateUpdate: (budget, old) => validateSpec(budget, old),
  subresources: {
    status: {
      prepareForUpdate(budget, old) {
        budget.spec = old.spec;
      },
      validateUpdate: ({ status = {} }) => [
        ...validateConditions(status.conditions ?? [], statusPath.child('conditions')),
        ...counters.flatMap((name) => nonnegative(status[name], statusPath.child(name))),
      ],
    },
  },
};
