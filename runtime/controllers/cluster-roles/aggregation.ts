import { semanticEqual } from '../../../api/equal.ts';
import type { Api, GroupVersionResource } from '../../../api/object.ts';
import { labelSelectorMatcher } from '../../../api/selectors.ts';
import { type ControllerDefinition, startReconciling } from '../../framework/controller.ts';
import { WorkQueue } from '../../framework/work-queue.ts';

type ClusterRole = Api<'io.k8s.api.rbac.v1.ClusterRole'>;
type PolicyRule = Api<'io.k8s.api.rbac.v1.PolicyRule'>;

const clusterRoles: GroupVersionResource = {
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  resource: 'clusterroles',
};
const controllerName = 'clusterrole-aggregation-controller';
const workers = 5;

function nameOf({ metadata }: Readonly<ClusterRole>): string {
  return metadata?.name ?? '';
}

/** The rules of all roles that a role's selectors find, each once: selector by selector, by name. */
export function aggregatedRules(role: Readonly<ClusterRole>, roles: readonly Readonly<ClusterRole>[]): PolicyRule[] {
  const rules: PolicyRule[] = [];
  const others = roles
    .filter((other) => nameOf(other) !== nameOf(role))
    .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  for (const selector of role.aggregationRule?.clusterRoleSelectors ?? []) {
    const { matches } = labelSelectorMatcher(selector);
    for (const rule of others.filter(({ metadata }) => matches(metadata?.labels)).flatMap((other) => other.rules ?? []))
      if (!rules.some((present) => semanticEqual(present, rule))) rules.push(rule);
  }
  return rules;
}

/** Roles with an aggregation rule have the rules of those it selects: admin, edit and view among them. */
export const clusterRoleAggregationController: ControllerDefinition = {
  name: controllerName,
  start: (context, signal) => {
    const { client, clock, informers } = context;
    const queue = new WorkQueue(clock);
    const informer = informers.of<ClusterRole>(clusterRoles);
    informer.index('aggregating', ({ aggregationRule }) => (aggregationRule === undefined ? [] : ['']));
    // There are few, and any change may concern each of them.
    const enqueue = (): void => {
      for (const role of informer.by('aggregating', '')) queue.add(nameOf(role));
    };
    informer.subscribe({ added: enqueue, updated: enqueue, deleted: enqueue });
    const reconcile = async (name: string): Promise<void> => {
      const role = informer.get(name);
      if (role?.aggregationRule === undefined) return;
      const rules = aggregatedRules(role, informer.list());
      if (semanticEqual(rules, role.rules)) return;
      await client.patch(
        { resource: clusterRoles, namespace: '', name, type: 'application/apply-patch+yaml' },
        { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name }, rules },
        { fieldManager: controllerName, force: true },
      );
    };
    return startReconciling(
      { name: controllerName, workers, informers: [informer], queue, reconcile },
      context,
      signal,
    );
  },
};
