import { toTime } from '../../api/clock.ts';
import type { Api } from '../../api/object.ts';

export type APIService = Api<'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService'>;

/** Group: its priority, then each version's. */
const priorities: Readonly<Record<string, readonly [number, Readonly<Record<string, number>>]>> = {
  '': [18000, { v1: 1 }],
  apps: [17800, { v1: 15 }],
  'events.k8s.io': [17750, { v1: 15, v1beta1: 5 }],
  'authentication.k8s.io': [17700, { v1: 15, v1beta1: 9, v1alpha1: 1 }],
  'authorization.k8s.io': [17600, { v1: 15 }],
  autoscaling: [17500, { v1: 15, v2: 30 }],
  batch: [17400, { v1: 15 }],
  'certificates.k8s.io': [17300, { v1: 15, v1beta1: 9, v1alpha1: 1 }],
  'networking.k8s.io': [17200, { v1: 15, v1beta1: 9 }],
  policy: [17100, { v1: 15 }],
  'rbac.authorization.k8s.io': [17000, { v1: 15 }],
  'storage.k8s.io': [16800, { v1: 15, v1beta1: 9, v1alpha1: 1 }],
  'apiextensions.k8s.io': [16700, { v1: 15 }],
  'admissionregistration.k8s.io': [16700, { v1: 15, v1beta1: 12, v1alpha1: 9 }],
  'scheduling.k8s.io': [16600, { v1: 15, v1alpha2: 2 }],
  'coordination.k8s.io': [16500, { v1: 15, v1beta1: 13, v1alpha2: 12 }],
  'node.k8s.io': [16300, { v1: 15 }],
  'discovery.k8s.io': [16200, { v1: 15 }],
  'resource.k8s.io': [16200, { v1: 21, v1beta2: 15, v1beta1: 9, v1alpha3: 1 }],
  'flowcontrol.apiserver.k8s.io': [16100, { v1: 21 }],
  'internal.apiserver.k8s.io': [16000, { v1alpha1: 9 }],
  'storagemigration.k8s.io': [15800, { v1beta1: 9 }],
};

interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

function localAPIService({ group, version }: GroupVersion, automanaged: 'onstart' | 'true', now: number): APIService {
  const [groupPriorityMinimum, versions] = priorities[group] ?? [1000, {}];
  return {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: `${version}.${group}`, labels: { 'kube-aggregator.kubernetes.io/automanaged': automanaged } },
    spec: {
      ...(group === '' ? {} : { group }),
      version,
      groupPriorityMinimum,
      versionPriority: versions[version] ?? 100,
    },
    status: {
      conditions: [
        {
          type: 'Available',
          status: 'True',
          lastTransitionTime: toTime(now),
          reason: 'Local',
          message: 'Local APIServices are always available',
        },
      ],
    },
  };
}

/** The APIService of a group version that the server itself serves. */
export function builtinAPIService(groupVersion: GroupVersion, now: number): APIService {
  return localAPIService(groupVersion, 'onstart', now);
}

/** The APIService of a group version that a CustomResourceDefinition defines; it lives as long as one does. */
export function customAPIService(groupVersion: GroupVersion, now: number): APIService {
  return localAPIService(groupVersion, 'true', now);
}
