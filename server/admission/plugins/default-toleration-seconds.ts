import type { Api } from '../../../api/object.ts';
import { type AdmissionPlugin, isPodRequest } from '../plugin.ts';

type Pod = Api<'io.k8s.api.core.v1.Pod'>;
type Toleration = Api<'io.k8s.api.core.v1.Toleration'>;

/** How long pods stay on a node that is in trouble, where they do not say themselves. */
const defaultSeconds = 300;

export interface TolerationSeconds {
  readonly notReady?: number;
  readonly unreachable?: number;
}

export function createDefaultTolerationSeconds(seconds: TolerationSeconds = {}): AdmissionPlugin {
  const taints = [
    ['node.kubernetes.io/not-ready', seconds.notReady ?? defaultSeconds],
    ['node.kubernetes.io/unreachable', seconds.unreachable ?? defaultSeconds],
  ] as const;
  return {
    name: 'DefaultTolerationSeconds',
    handles: (request) => (request.operation === 'CREATE' || request.operation === 'UPDATE') && isPodRequest(request),
    mutate(request) {
      const spec = (request.object as Pod | undefined)?.spec;
      if (spec === undefined) return;
      for (const [key, tolerationSeconds] of taints) {
        if ((spec.tolerations ?? []).some((toleration) => covers(toleration, key))) continue;
        const added = { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds };
        spec.tolerations = [...(spec.tolerations ?? []), added];
      }
    },
  };
}

function covers({ key = '', effect = '' }: Readonly<Toleration>, taint: string): boolean {
  return (key === taint || key === '') && (effect === 'NoExecute' || effect === '');
}
