import type { Container, Pod } from './pod-runtime.ts';

type Spec = NonNullable<Pod['spec']>;
type Rule = NonNullable<Container['restartPolicyRules']>[number];

/** The first of the container's own rules that an exit code fulfils. */
export function matchingRule({ restartPolicyRules = [] }: Container, exitCode: number): Rule | undefined {
  return restartPolicyRules.find(({ exitCodes }) => {
    if (exitCodes === undefined) return false;
    const { operator, values = [] } = exitCodes;
    if (operator === 'In') return values.includes(exitCode);
    return operator === 'NotIn' && !values.includes(exitCode);
  });
}

/** Whether an exit of this container makes all containers of the pod start anew. */
export function restartsAll(container: Container, exitCode: number): boolean {
  return matchingRule(container, exitCode)?.action === 'RestartAllContainers';
}

/** Rules come first, then the container's policy, then the pod's. */
export function restartsAfter(container: Container, { restartPolicy = 'Always' }: Spec, exitCode: number): boolean {
  if (container.restartPolicy !== undefined) {
    const action = matchingRule(container, exitCode)?.action;
    if (action === 'Restart' || action === 'RestartAllContainers') return true;
  }
  const policy = container.restartPolicy ?? restartPolicy;
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0);
}

/** Whether a container that a probe has given up is to run again: rules speak of exits alone. */
export function restartsWhenKilled(container: Container, { restartPolicy = 'Always' }: Spec): boolean {
  return (container.restartPolicy ?? restartPolicy) !== 'Never';
}
