import type { Api } from '../../../api/object.ts';
import { isExtendedResourceName } from '../../../api/quota/pod-usage.ts';
import { type AdmissionPlugin, isPodRequest } from '../plugin.ts';

type Pod = Api<'io.k8s.api.core.v1.Pod'>;
type Toleration = Api<'io.k8s.api.core.v1.Toleration'>;

/** Pods that ask for a special device tolerate the taint by which nodes keep it for such pods. */
export function createExtendedResourceToleration(): AdmissionPlugin {
  return {
    name: 'ExtendedResourceToleration',
    handles: (request) => (request.operation === 'CREATE' || request.operation === 'UPDATE') && isPodRequest(request),
    mutate({ object }) {
      const { spec = {} }: Pod = object ?? {};
      const names = [...(spec.containers ?? []), ...(spec.initContainers ?? [])]
        .flatMap(({ resources }) => Object.keys(resources?.requests ?? {}))
        .filter(isExtendedResourceName);
      for (const key of [...new Set(names)].sort()) {
        const wanted: Toleration = { key, operator: 'Exists', effect: 'NoSchedule' };
        const present = spec.tolerations ?? [];
        const at = present.findIndex((toleration) => matches(toleration, wanted));
        spec.tolerations = at < 0 ? [...present, wanted] : present.with(at, wanted);
      }
    },
  };
}

function matches(a: Readonly<Toleration>, b: Readonly<Toleration>): boolean {
  return a.key === b.key && a.operator === b.operator && a.effect === b.effect && (a.value ?? '') === (b.value ?? '');
}
