import {
  duplicate,
  type FieldErrors,
  type FieldPath,
  invalid,
  notSupported,
  required,
  tooMany,
} from '../../../api/field-error.ts';
import type { Api } from '../../../api/object.ts';
import type { Container } from './pod-types.ts';

type RestartRule = Api<'io.k8s.api.core.v1.ContainerRestartRule'>;
type ResizePolicy = Api<'io.k8s.api.core.v1.ContainerResizePolicy'>;

const policies = ['Always', 'Never', 'OnFailure'];
const operators = ['In', 'NotIn'];
const actions = ['Restart', 'RestartAllContainers'];
const resizable = ['cpu', 'memory'];
const resizePolicies = ['NotRequired', 'RestartContainer'];
const maxRules = 20;
const maxExitCodes = 255;

export function validateContainerRestartPolicy(
  container: Readonly<Container>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { restartPolicy, restartPolicyRules: rules = [] } = container;
  if (restartPolicy === undefined) {
    if (rules.length === 0) return;
    errors.push(required(path.child('restartPolicy'), 'must specify restartPolicy when restart rules are used'));
  } else if (!policies.includes(restartPolicy)) {
    errors.push(notSupported(path.child('restartPolicy'), restartPolicy, policies));
  }
  if (rules.length > maxRules) errors.push(tooMany(path.child('restartPolicyRules'), rules.length, maxRules));
  for (const [i, rule] of rules.entries()) validateRule(rule, path.child('restartPolicyRules').index(i), errors);
}

/** Without a policy the rules of an init container are not looked at. */
export function validateInitContainerRestartPolicy(
  container: Readonly<Container>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (container.restartPolicy !== undefined) validateContainerRestartPolicy(container, path, errors);
  else if ((container.restartPolicyRules ?? []).length > 0) {
    errors.push(required(path.child('restartPolicy'), 'must specify restartPolicy when restart rules are used'));
  }
}

function validateRule(rule: Readonly<RestartRule>, path: FieldPath, errors: FieldErrors): void {
  const { action = '', exitCodes } = rule;
  if (!actions.includes(action)) errors.push(notSupported(path.child('action'), action, actions));
  const codesPath = path.child('exitCodes');
  if (exitCodes === undefined) {
    errors.push(required(codesPath, 'must be specified'));
    return;
  }
  const { operator = '', values = [] } = exitCodes;
  if (!operators.includes(operator)) errors.push(notSupported(codesPath.child('operator'), operator, operators));
  if (values.length > maxExitCodes) errors.push(tooMany(codesPath.child('values'), values.length, maxExitCodes));
}

export function validateResizePolicy(
  list: readonly ResizePolicy[],
  podRestartPolicy: string,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const seen = new Set<string>();
  for (const [i, { resourceName = '', restartPolicy = '' }] of list.entries()) {
    if (seen.has(resourceName)) errors.push(duplicate(path.index(i), resourceName));
    seen.add(resourceName);
    if (resourceName === '') errors.push(required(path));
    else if (!resizable.includes(resourceName)) errors.push(notSupported(path, resourceName, resizable));
    if (restartPolicy === '') errors.push(required(path));
    else if (!resizePolicies.includes(restartPolicy)) errors.push(notSupported(path, restartPolicy, resizePolicies));
    if (podRestartPolicy === 'Never' && restartPolicy !== 'NotRequired') {
      errors.push(invalid(path, restartPolicy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'"));
    }
  }
}
