import type { Api } from '../../../api/object.ts';
import { badRequest, conflict, StatusError } from '../../../api/status.ts';
import { withCondition } from './pod-conditions.ts';
import type { Pod } from './pod-types.ts';

export type Binding = Api<'io.k8s.api.core.v1.Binding'>;

/** Refuses a binding that has no node to bind to, or names another pod than the path does. */
export function checkBinding(binding: Readonly<Binding>, name: string): void {
  if ((binding.metadata?.name ?? '') !== name) throw badRequest('name in URL does not match name in Binding object');
  const { kind = '', name: node = '' } = binding.target ?? {};
  const problems: string[] = [];
  if (kind !== '' && kind !== 'Node') {
    problems.push(`target.kind: Unsupported value: ${JSON.stringify(kind)}: supported values: "Node", "<empty>"`);
  }
  if (node === '') problems.push('target.name: Required value');
  // Upstream does not make an Invalid of these: they reach the client as an error of the server.
  const text = problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`;
  if (problems.length > 0) throw new StatusError('', text ?? '', { code: 500 });
}

function refused(pod: Readonly<Pod>, why: string): StatusError {
  return conflict({ group: '', resource: 'pods/binding' }, pod.metadata?.name ?? '', why);
}

function checkPreconditions(pod: Readonly<Pod>, binding: Readonly<Binding>): void {
  const meta = pod.metadata ?? {};
  const check = (what: string, wanted: string | undefined, actual = ''): void => {
    if (!wanted || wanted === actual) return;
    const key = `/registry/pods/${meta.namespace ?? ''}/${meta.name ?? ''}`;
    const failed = `Precondition failed: ${what} in precondition: ${wanted}, ${what} in object meta: ${actual}`;
    const why = `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${failed}`;
    throw conflict({ group: '', resource: 'pods' }, meta.name ?? '', why);
  };
  check('UID', binding.metadata?.uid, meta.uid);
  check('ResourceVersion', binding.metadata?.resourceVersion, meta.resourceVersion);
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
