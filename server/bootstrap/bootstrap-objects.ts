import { toTime } from '../../api/clock.ts';
import type { KubeObject } from '../../api/object.ts';
import { systemPriorityClasses } from '../resources/scheduling/priority-classes.ts';
import { builtinAPIService } from './api-services.ts';
import type { BootstrapObject } from './bootstrap-object.ts';
import { flowControlObjects } from './flow-control.ts';
import { type KubernetesServiceOptions, kubernetesServiceObjects } from './kubernetes-service.ts';
import { rbacObjects } from './rbac.ts';

export interface BootstrapOptions extends KubernetesServiceOptions {
  /** Milliseconds since the epoch: the times of conditions. */
  readonly now: number;
  readonly groupVersions: readonly { readonly group: string; readonly version: string }[];
  /** Data of kube-system/extension-apiserver-authentication: `client-ca-file`, `requestheader-…`. */
  readonly extensionAuthentication: Readonly<Record<string, string>>;
}

/** APIServices are not registered as one themselves. */
const aggregatorGroup = 'apiregistration.k8s.io';

const namespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

function cluster(resource: string, object: KubeObject): BootstrapObject {
  return { resource, namespace: '', object };
}

function namespace(name: string): BootstrapObject {
  const object = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  } as KubeObject;
  return { ...cluster('namespaces', object), chosen: ['finalizers'] };
}

function configMap(name: string, data: Readonly<Record<string, string>>): BootstrapObject {
  const object = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'kube-system' },
    data: { ...data },
  };
  return { resource: 'configmaps', namespace: 'kube-system', object };
}

function priorityClass({ name, value, description }: (typeof systemPriorityClasses)[number]): BootstrapObject {
  return cluster('priorityclasses.scheduling.k8s.io', {
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name, generation: 1 },
    value,
    description,
    preemptionPolicy: 'PreemptLowerPriority',
  } as KubeObject);
}

/**
 * Everything that exists from the start, in the order in which it should be created, complete but for uid, creationTimestamp
 * and revision. Built anew by every call. Only roles and bindings are touched when they exist already: see `reconcileRbac`.
 */
export function bootstrapObjects(options: BootstrapOptions): readonly BootstrapObject[] {
  const { now, groupVersions, extensionAuthentication } = options;
  return [
    ...namespaces.map(namespace),
    ...groupVersions
      .filter(({ group }) => group !== aggregatorGroup)
      .map((each) => cluster('apiservices.apiregistration.k8s.io', builtinAPIService(each, now))),
    configMap('extension-apiserver-authentication', extensionAuthentication),
    // Legacy tokens not used since this day may be cleaned up.
    configMap('kube-apiserver-legacy-service-account-token-tracking', { since: toTime(now).slice(0, 10) }),
    ...flowControlObjects(now),
    ...systemPriorityClasses.map(priorityClass),
    ...rbacObjects(),
    ...kubernetesServiceObjects(options, now),
  ];
}
