import { toTime } from '../../api/clock.ts';
import { prioritiesOf } from '../../api/group-priorities.ts';
import type { Api } from '../../api/object.ts';

export type APIService = Api<'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService'>;

interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

function localAPIService({ group, version }: GroupVersion, automanaged: 'onstart' | 'true', now: number): APIService {
  const { groupPriority, versionPriority } = prioritiesOf({ group, version });
  return {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: `${version}.${group}`, labels: { 'kube-aggregator.kubernetes.io/automanaged': automanaged } },
    spec: {
      ...(group === '' ? {} : { group }),
      version,
      groupPriorityMinimum: groupPriority,
      versionPriority,
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
