import type { AnyStrategy } from '../../registry/strategy.ts';
import { type ExpressionCheck, uncheckedExpressions } from './expressions.ts';
import { mutatingAdmissionPolicies } from './mutating-policies.ts';
import { mutatingAdmissionPolicyBindings, validatingAdmissionPolicyBindings } from './policy-bindings.ts';
import { validatingAdmissionPolicies } from './validating-policies.ts';
import { mutatingWebhookConfigurations, validatingWebhookConfigurations } from './webhook-configurations.ts';

/** The group's strategies with a CEL compiler to check expressions with. */
export function createAdmissionregistrationStrategies(check: ExpressionCheck): readonly AnyStrategy[] {
  return [
    validatingWebhookConfigurations(check),
    mutatingWebhookConfigurations(check),
    validatingAdmissionPolicies(check),
    validatingAdmissionPolicyBindings,
    mutatingAdmissionPolicies(check),
    mutatingAdmissionPolicyBindings,
  ];
}

export const admissionregistrationStrategies = createAdmissionregistrationStrategies(uncheckedExpressions);
