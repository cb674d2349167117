import type { Api } from '../../../api/object.ts';
import { forbiddenError } from '../../../api/status.ts';
import { type AdmissionPlugin, isPodRequest } from '../plugin.ts';

type Pod = Api<'io.k8s.api.core.v1.Pod'>;

const hostname = 'kubernetes.io/hostname';

/** Pods may keep others off their node, not off larger parts of the cluster. */
export function createLimitPodHardAntiAffinityTopology(): AdmissionPlugin {
  return {
    name: 'LimitPodHardAntiAffinityTopology',
    handles: (request) => (request.operation === 'CREATE' || request.operation === 'UPDATE') && isPodRequest(request),
    validate({ group, resource, object }) {
      const { metadata, spec }: Readonly<Pod> = object ?? {};
      const terms = spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
      for (const { topologyKey = '' } of terms) {
        if (topologyKey === hostname) continue;
        const why = `affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey ${topologyKey} but only key ${hostname} is allowed`;
        throw forbiddenError({ group, resource }, metadata?.name ?? '', why);
      }
    },
  };
}
