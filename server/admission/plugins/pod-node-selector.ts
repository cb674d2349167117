import type { Api } from '../../../api/object.ts';
import { forbiddenError, notFoundError, StatusError } from '../../../api/status.ts';
import type { ClusterReader } from '../../registry/strategy.ts';
import { type AdmissionPlugin, isPodRequest } from '../plugin.ts';

type Namespace = Api<'io.k8s.api.core.v1.Namespace'>;
type Pod = Api<'io.k8s.api.core.v1.Pod'>;
type Labels = Readonly<Record<string, string>>;

const annotation = 'scheduler.alpha.kubernetes.io/node-selector';

/** A namespace may say on which nodes its pods run. */
export function createPodNodeSelector(reader: ClusterReader): AdmissionPlugin {
  return {
    name: 'PodNodeSelector',
    handles: (request) => request.operation === 'CREATE' && isPodRequest(request),
    mutate({ namespace, group, resource, object }) {
      const found = reader.get<Namespace>('namespaces', '', namespace);
      if (found === undefined) throw notFoundError({ group: '', resource: 'namespaces' }, namespace);
      const selector = parseLabels(found.metadata?.annotations?.[annotation] ?? '');
      const { metadata, spec = {} }: Pod = object ?? {};
      const given: Labels = spec.nodeSelector ?? {};
      if (Object.keys(selector).some((key) => given[key] !== undefined && given[key] !== selector[key])) {
        const why = 'pod node label selector conflicts with its namespace node label selector';
        throw forbiddenError({ group, resource }, metadata?.name ?? '', why);
      }
      const merged = { ...selector, ...given };
      if (Object.keys(merged).length > 0) spec.nodeSelector = merged;
    },
  };
}

/** `a=b,c=d`. */
function parseLabels(text: string): Labels {
  if (text === '') return {};
  const pairs = text.split(',').map((part) => {
    const pair = part.split('=');
    if (pair.length !== 2) throw new StatusError('', `invalid selector: [${pair.join(' ')}]`, { code: 500 });
    return pair.map((side) => side.trim());
  });
  return Object.fromEntries(pairs) as Labels;
}
