import type { Api } from '../../../api/object.ts';
import { badRequest, conflict, type StatusError } from '../../../api/status.ts';
import { withCondition } from './pod-conditions.ts';
import type { Pod } from './pod-types.ts';

export type Binding = Api<'io.k8s.api.core.v1.Binding'>;

const bindings = { group: '', resource: 'pods/binding' };

/** Messages of what is wrong with a binding, in upstream's form; [] when it is fine. */
export function bindingProblems(binding: Readonly<Binding>): string[] {
  const { kind = '', name = '' } = binding.target ?? {};
  const problems: string[] = [];
  if (kind !== '' && kind !== 'Node') {
    problems.push(`target.kind: Unsupported value: ${JSON.stringify(kind)}: supported values: "Node", "<empty>"`);
  }
  if (name === '') problems.push('target.name: Required value');
  return problems;
}

/** Refuses a binding that does not name the pod it is posted to. `name` is the one in the path. */
export function checkBindingName(binding: Readonly<Binding>, name: string): void {
  if ((binding.metadata?.name ?? '') !== name) throw badRequest('name in URL does not match name in Binding object');
}

function refused(pod: Readonly<Pod>, why: string): StatusError {
  return conflict(bindings, pod.metadata?.name ?? '', why);
}

function checkPreconditions(pod: Readonly<Pod>, binding: Readonly<Binding>): void {
  const { uid = '', resourceVersion = '' } = binding.metadata ?? {};
  const meta = pod.metadata ?? {};
  if (uid !== '' && uid !== meta.uid) {
    const both = `UID in precondition: ${uid}, UID in object meta: ${meta.uid ?? ''}`;
    throw refused(pod, `Precondition failed: ${both}`);
  }
  if (resourceVersion !== '' && resourceVersion !== meta.resourceVersion) {
    const both = `ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${meta.resourceVersion ?? ''}`;
    throw refused(pod, `Precondition failed: ${both}`);
  }
}

/**
 * The pod as it stands after it was bound to the binding's node: what POST pods/binding stores. Its generation stays.
 * Throws Conflict where the pod has a node, waits at a gate or is going away, or is not the one that was meant.
 */
export function assignPod(pod: Readonly<Pod>, binding: Readonly<Binding>, now: number): Pod {
  checkPreconditions(pod, binding);
  const { metadata = {}, spec = {}, status = {} } = pod;
  const { name = '' } = metadata;
  if (metadata.deletionTimestamp !== undefined) {
    throw refused(pod, `pod ${name} is being deleted, cannot be assigned to a host`);
  }
  if (spec.nodeName) throw refused(pod, `pod ${name} is already assigned to node ${JSON.stringify(spec.nodeName)}`);
  if ((spec.schedulingGates ?? []).length > 0) throw refused(pod, `pod ${name} has non-empty .spec.schedulingGates`);
  const { annotations, labels } = binding.metadata ?? {};
  const { nominatedNodeName: _, ...kept } = status;
  return {
    ...pod,
    metadata: {
      ...metadata,
      ...(annotations && { annotations: { ...metadata.annotations, ...annotations } }),
      ...(labels && { labels: { ...metadata.labels, ...labels } }),
    },
    spec: { ...spec, nodeName: binding.target?.name ?? '' },
    status: { ...kept, conditions: withCondition(status.conditions, { type: 'PodScheduled', status: 'True' }, now) },
  };
}
