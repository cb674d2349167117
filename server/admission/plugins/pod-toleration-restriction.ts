import type { Api } from '../../../api/object.ts';
import { notFoundError, StatusError } from '../../../api/status.ts';
import type { ClusterReader } from '../../registry/strategy.ts';
import { podQOSClass } from '../../resources/core/pod-qos.ts';
import { type AdmissionPlugin, type AdmissionRequest, isPodRequest } from '../plugin.ts';
import { covers, mergeTolerations } from './merge-tolerations.ts';

type Namespace = Api<'io.k8s.api.core.v1.Namespace'>;
type Pod = Api<'io.k8s.api.core.v1.Pod'>;
type Toleration = Api<'io.k8s.api.core.v1.Toleration'>;

const defaultsAnnotation = 'scheduler.alpha.kubernetes.io/defaultTolerations';
const allowedAnnotation = 'scheduler.alpha.kubernetes.io/tolerationsWhitelist';
const memoryPressure: Toleration = {
  key: 'node.kubernetes.io/memory-pressure',
  operator: 'Exists',
  effect: 'NoSchedule',
};

/** A namespace may give its pods tolerations, and say which ones they may have. */
export function createPodTolerationRestriction(reader: ClusterReader): AdmissionPlugin {
  return {
    name: 'PodTolerationRestriction',
    handles: (request) => (request.operation === 'CREATE' || request.operation === 'UPDATE') && isPodRequest(request),
    mutate(request) {
      const { spec = {} }: Pod = request.object ?? {};
      const extra = request.operation === 'CREATE' ? tolerationsOf(request, reader, defaultsAnnotation) : [];
      if (podQOSClass(spec) !== 'BestEffort') extra.push(memoryPressure);
      if (extra.length > 0) spec.tolerations = mergeTolerations(spec.tolerations ?? [], extra);
      requireAllowed(request, reader);
    },
    validate: (request) => requireAllowed(request, reader),
  };
}

function tolerationsOf({ namespace }: AdmissionRequest, reader: ClusterReader, annotation: string): Toleration[] {
  const found = reader.get<Namespace>('namespaces', '', namespace);
  if (found === undefined) throw notFoundError({ group: '', resource: 'namespaces' }, namespace);
  const text = found.metadata?.annotations?.[annotation] ?? '';
  if (text === '') return [];
  try {
    return JSON.parse(text) as Toleration[];
  } catch (cause) {
    throw new StatusError('', `invalid tolerations in annotation ${annotation}`, { code: 500, cause });
  }
}

function requireAllowed(request: AdmissionRequest, reader: ClusterReader): void {
  const { spec = {} }: Readonly<Pod> = request.object ?? {};
  const allowed = tolerationsOf(request, reader, allowedAnnotation);
  if (allowed.length === 0) return;
  if ((spec.tolerations ?? []).every((toleration) => allowed.some((wide) => covers(wide, toleration)))) return;
  const why =
    'pod tolerations (possibly merged with namespace default tolerations) conflict with its namespace whitelist';
  // A bare error upstream, which reaches the client as one of the server.
  throw new StatusError('', why, { code: 500 });
}
