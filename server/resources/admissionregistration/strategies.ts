import type { KubeObject } from '../../../api/object.ts';
import type { AnyStrategy } from '../../registry/strategy.ts';
import { type ExpressionCheck, uncheckedExpressions } from './expressions.ts';
import { mutatingAdmissionPolicies } from './mutating-policies.ts';
import { mutatingAdmissionPolicyBindings, validatingAdmissionPolicyBindings } from './policy-bindings.ts';
import { validatingAdmissionPolicies } from './validating-policies.ts';
import {
  type MutatingWebhookConfiguration,
  mutatingWebhookConfigurations,
  validatingWebhookConfigurations,
} from './webhook-configurations.ts';

/** Webhooks without conditions need no compiler. */
function hasExpressions(object: Readonly<KubeObject>): boolean {
  const { webhooks } = object as MutatingWebhookConfiguration;
  return webhooks === undefined || webhooks.some(({ matchConditions = [] }) => matchConditions.length > 0);
}

/** The group's strategies. The compiler of expressions is loaded when the first object comes that has any. */
function createAdmissionregistrationStrategies(load: () => Promise<ExpressionCheck>): readonly AnyStrategy[] {
  const loaded = { check: uncheckedExpressions };
  const check: ExpressionCheck = (expression, use, path) => loaded.check(expression, use, path);
  const prepare = async (object: Readonly<KubeObject>): Promise<undefined> => {
    if (loaded.check === uncheckedExpressions && hasExpressions(object)) loaded.check = await load();
  };
  const checked: readonly AnyStrategy[] = [
    validatingWebhookConfigurations(check),
    mutatingWebhookConfigurations(check),
    validatingAdmissionPolicies(check),
    mutatingAdmissionPolicies(check),
  ];
  return [
    ...checked.map((strategy) => ({ ...strategy, beginCreate: prepare, beginUpdate: prepare })),
    validatingAdmissionPolicyBindings,
    mutatingAdmissionPolicyBindings,
  ];
}

export const admissionregistrationStrategies = createAdmissionregistrationStrategies(async () => {
  const { createExpressionCheck } = await import('./expression-check.ts');
  return createExpressionCheck();
});
