import { claimEvaluator } from './claims.ts';
import type { QuotaEvaluator } from './evaluator.ts';
import { podEvaluator } from './pods.ts';
import { resourceClaimEvaluator } from './resource-claims.ts';
import { serviceEvaluator } from './services.ts';

const special: Readonly<Record<string, QuotaEvaluator>> = {
  pods: podEvaluator,
  services: serviceEvaluator,
  persistentvolumeclaims: claimEvaluator,
  'resourceclaims.resource.k8s.io': resourceClaimEvaluator,
};
/** Counted by their plain name too. */
const plainNames: ReadonlySet<string> = new Set(['configmaps', 'resourcequotas', 'replicationcontrollers', 'secrets']);
/** Comes and goes too often, or is not stored. */
const ignored: ReadonlySet<string> = new Set([
  'bindings',
  'componentstatuses',
  'events',
  'events.events.k8s.io',
  'tokenreviews.authentication.k8s.io',
  'selfsubjectreviews.authentication.k8s.io',
  'subjectaccessreviews.authorization.k8s.io',
  'selfsubjectaccessreviews.authorization.k8s.io',
  'localsubjectaccessreviews.authorization.k8s.io',
  'selfsubjectrulesreviews.authorization.k8s.io',
]);

/** How quotas count a resource, `pods` or `deployments.apps`; undefined where they do not. */
export function quotaEvaluatorFor(resource: string): QuotaEvaluator | undefined {
  return special[resource] ?? (ignored.has(resource) ? undefined : objectCount(resource));
}

function objectCount(resource: string): QuotaEvaluator {
  const names = [`count/${resource}`, ...(plainNames.has(resource) ? [resource] : [])];
  const one = Object.fromEntries(names.map((name) => [name, '1']));
  return {
    handles: ({ operation, subresource }) => subresource === '' && operation === 'CREATE',
    resourcesAmong: (given) => given.filter((name) => names.includes(name)),
    usage: () => one,
  };
}
