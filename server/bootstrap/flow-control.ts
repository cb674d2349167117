import { toTime } from '../../api/clock.ts';
import type { KubeObject } from '../../api/object.ts';
import type { FlowSchema } from '../resources/flowcontrol/flow-schemas.ts';
import { mandatoryFlowSchemas, mandatoryPriorityLevels } from '../resources/flowcontrol/mandatory.ts';
import type { PriorityLevelConfiguration } from '../resources/flowcontrol/priority-level-configurations.ts';
import type { BootstrapObject } from './bootstrap-object.ts';

const group = 'flowcontrol.apiserver.k8s.io';
const apiVersion = `${group}/v1`;
const producer = 'api-priority-and-fairness-config-producer-v1';
const consumer = 'api-priority-and-fairness-config-consumer-v1';

type FlowSchemaSpec = NonNullable<FlowSchema['spec']>;
type Rule = NonNullable<FlowSchemaSpec['rules']>[number];
type Subject = NonNullable<Rule['subjects']>[number];
type ResourceRule = NonNullable<Rule['resourceRules']>[number];

/** Name: shares, lendable percent, queues, hand size; all have queues of 50 requests. */
const suggestedLevels: Readonly<Record<string, readonly [number, number, number, number]>> = {
  system: [30, 33, 64, 6],
  'node-high': [40, 25, 64, 6],
  'leader-election': [10, 0, 16, 4],
  'workload-high': [40, 50, 128, 6],
  'workload-low': [100, 90, 128, 6],
  'global-default': [20, 50, 128, 6],
};

function users(...names: string[]): Subject[] {
  return names.map((name) => ({ kind: 'User', user: { name } }));
}

function groups(...names: string[]): Subject[] {
  return names.map((name) => ({ kind: 'Group', group: { name } }));
}

const systemAccounts: Subject = { kind: 'ServiceAccount', serviceAccount: { namespace: 'kube-system', name: '*' } };

function resources(apiGroup: string, verbs: string[], names: string[], clusterScope: boolean): ResourceRule {
  return {
    verbs,
    apiGroups: [apiGroup],
    resources: names,
    ...(clusterScope ? { clusterScope } : {}),
    namespaces: ['*'],
  };
}

function everythingBy(subjects: Subject[]): Rule {
  return {
    subjects,
    resourceRules: [resources('*', ['*'], ['*'], true)],
    nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
  };
}

function flow(level: string, matchingPrecedence: number, distinguisher: string, rule: Rule): FlowSchemaSpec {
  return {
    priorityLevelConfiguration: { name: level },
    matchingPrecedence,
    ...(distinguisher === '' ? {} : { distinguisherMethod: { type: distinguisher } }),
    rules: [rule],
  };
}

function suggestedFlowSchemas(): Record<string, FlowSchemaSpec> {
  const leases = (verbs: string[]): ResourceRule => resources('coordination.k8s.io', verbs, ['leases'], false);
  const everybody = groups('system:unauthenticated', 'system:authenticated');
  return {
    'system-nodes': flow('system', 500, 'ByUser', everythingBy(groups('system:nodes'))),
    'system-node-high': flow('node-high', 400, 'ByUser', {
      subjects: groups('system:nodes'),
      resourceRules: [resources('', ['*'], ['nodes', 'nodes/status'], true), leases(['*'])],
    }),
    probes: flow('exempt', 2, '', {
      subjects: everybody,
      nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }],
    }),
    'system-leader-election': flow('leader-election', 100, 'ByUser', {
      subjects: [...users('system:kube-controller-manager', 'system:kube-scheduler'), systemAccounts],
      resourceRules: [leases(['get', 'create', 'update'])],
    }),
    'kube-controller-manager': flow(
      'workload-high',
      800,
      'ByNamespace',
      everythingBy(users('system:kube-controller-manager')),
    ),
    'kube-scheduler': flow('workload-high', 800, 'ByNamespace', everythingBy(users('system:kube-scheduler'))),
    'kube-system-service-accounts': flow('workload-high', 900, 'ByNamespace', everythingBy([systemAccounts])),
    'service-accounts': flow('workload-low', 9000, 'ByUser', everythingBy(groups('system:serviceaccounts'))),
    'global-default': flow('global-default', 9900, 'ByUser', everythingBy(everybody)),
  };
}

function metadata(name: string): NonNullable<KubeObject['metadata']> {
  return { name, generation: 1, annotations: { 'apf.kubernetes.io/autoupdate-spec': 'true' } };
}

function flowSchema(name: string, spec: FlowSchemaSpec, now: number): FlowSchema {
  const level = spec.priorityLevelConfiguration?.name;
  const condition = {
    type: 'Dangling',
    status: 'False',
    lastTransitionTime: toTime(now),
    reason: 'Found',
    message: `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(level)} and it exists`,
  };
  return { apiVersion, kind: 'FlowSchema', metadata: metadata(name), spec, status: { conditions: [condition] } };
}

function priorityLevel(
  name: string,
  spec: NonNullable<PriorityLevelConfiguration['spec']>,
): PriorityLevelConfiguration {
  return { apiVersion, kind: 'PriorityLevelConfiguration', metadata: metadata(name), spec, status: {} };
}

/** The mandatory and the suggested priority levels and flow schemas. */
export function flowControlObjects(now: number): BootstrapObject[] {
  const levels = [
    ...Object.entries(mandatoryPriorityLevels).map(([name, spec]) => priorityLevel(name, structuredClone(spec))),
    ...Object.entries(suggestedLevels).map(([name, [shares, lendablePercent, queues, handSize]]) => {
      const limitResponse = { type: 'Queue', queuing: { queues, handSize, queueLengthLimit: 50 } };
      return priorityLevel(name, {
        type: 'Limited',
        limited: { nominalConcurrencyShares: shares, limitResponse, lendablePercent },
      });
    }),
  ];
  const schemas = Object.entries({ ...structuredClone(mandatoryFlowSchemas), ...suggestedFlowSchemas() });
  return [
    ...levels.map((object) => ({
      resource: `prioritylevelconfigurations.${group}`,
      namespace: '',
      object,
      manager: producer,
    })),
    ...schemas.map(([name, spec]) => ({
      manager: producer,
      statusManager: consumer,
      resource: `flowschemas.${group}`,
      namespace: '',
      object: flowSchema(name, spec, now),
    })),
  ];
}
