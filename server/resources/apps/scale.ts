import { FieldPath } from '../../../api/field-error.ts';
import { nameIsDNSSubdomain } from '../../../api/names.ts';
import type { Api, KubeObject, LabelSelector } from '../../../api/object.ts';
import { labelSelectorMatcher } from '../../../api/selectors.ts';
import { invalidError } from '../../../api/status.ts';
import { validateObjectMeta } from '../../../api/validation/object-meta.ts';
import { nonnegative } from './workload-validation.ts';

export type Scale = Api<'io.k8s.api.autoscaling.v1.Scale'>;

/** What the scale subresource sees of a workload. */
interface Scalable extends KubeObject {
  spec?: { replicas?: number; selector?: LabelSelector | Record<string, string> };
  status?: { replicas?: number };
}

/** Resources with a scale subresource. */
export const scalableResources: ReadonlySet<string> = new Set([
  'deployments.apps',
  'replicasets.apps',
  'statefulsets.apps',
  'replicationcontrollers',
]);

/** ReplicationControllers select by a plain map; of an empty one upstream prints nothing. */
function selectorText(resource: string, selector: unknown): string {
  const labels =
    resource === 'replicationcontrollers' ? { matchLabels: (selector ?? {}) as Record<string, string> } : selector;
  return labelSelectorMatcher(labels as LabelSelector | undefined).toString();
}

export function scaleOf(resource: string, object: Readonly<KubeObject>): Scale {
  const { metadata = {}, spec = {}, status = {} } = object as Readonly<Scalable>;
  const selector = selectorText(resource, spec.selector);
  return {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: {
      name: metadata.name,
      namespace: metadata.namespace,
      uid: metadata.uid,
      resourceVersion: metadata.resourceVersion,
      creationTimestamp: metadata.creationTimestamp,
    },
    spec: spec.replicas ? { replicas: spec.replicas } : {},
    status: { replicas: status.replicas ?? 0, ...(selector === '' ? {} : { selector }) },
  };
}

/** Carries a Scale over to its workload, a copy of the stored object that may be changed. Invalid when the Scale is. */
export function applyScale(_resource: string, object: KubeObject, scale: Readonly<Scale>): void {
  const replicas = scale.spec?.replicas ?? 0;
  const { name, namespace } = object.metadata ?? {};
  const errors = [
    ...validateObjectMeta(
      { name, namespace, ...scale.metadata },
      { namespaced: true, validateName: nameIsDNSSubdomain },
      FieldPath.of('metadata'),
    ),
    ...nonnegative(replicas, FieldPath.of('spec', 'replicas')),
  ];
  if (errors.length > 0) {
    throw invalidError({ group: 'autoscaling', kind: 'Scale' }, name ?? '', errors);
  }
  const scalable = object as Scalable;
  scalable.metadata ??= {};
  // Preconditions of the client: a stale one must conflict.
  if (scale.metadata?.resourceVersion) scalable.metadata.resourceVersion = scale.metadata.resourceVersion;
  if (scale.metadata?.uid) scalable.metadata.uid = scale.metadata.uid;
  scalable.spec = { ...scalable.spec, replicas };
}
