import { apiVersionOf, type GroupVersionKind } from '../object.ts';
import type { SchemaDocument } from './schema.ts';

/** Kinds that upstream's decoder still knows though nobody serves them: a body of one is refused in other words than nonsense. */
const retired: Readonly<Record<string, readonly string[]>> = {
  'admissionregistration.k8s.io/v1alpha1': ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'],
  'admissionregistration.k8s.io/v1beta1': [
    'MutatingWebhookConfiguration',
    'ValidatingAdmissionPolicy',
    'ValidatingAdmissionPolicyBinding',
    'ValidatingWebhookConfiguration',
  ],
  'apiextensions.k8s.io/v1beta1': ['CustomResourceDefinition'],
  'apiregistration.k8s.io/v1beta1': ['APIService'],
  'apps/v1beta1': ['ControllerRevision', 'Deployment', 'DeploymentRollback', 'Scale', 'StatefulSet'],
  'apps/v1beta2': ['ControllerRevision', 'DaemonSet', 'Deployment', 'ReplicaSet', 'Scale', 'StatefulSet'],
  'authentication.k8s.io/v1alpha1': ['SelfSubjectReview'],
  'authentication.k8s.io/v1beta1': ['SelfSubjectReview', 'TokenReview'],
  'authorization.k8s.io/v1beta1': [
    'LocalSubjectAccessReview',
    'SelfSubjectAccessReview',
    'SelfSubjectRulesReview',
    'SubjectAccessReview',
  ],
  'batch/v1beta1': ['CronJob'],
  'certificates.k8s.io/v1beta1': ['CertificateSigningRequest'],
  'coordination.k8s.io/v1beta1': ['Lease'],
  'discovery.k8s.io/v1beta1': ['EndpointSlice'],
  'events.k8s.io/v1beta1': ['Event'],
  'extensions/v1beta1': [
    'DaemonSet',
    'Deployment',
    'DeploymentRollback',
    'Ingress',
    'NetworkPolicy',
    'ReplicaSet',
    'Scale',
  ],
  'flowcontrol.apiserver.k8s.io/v1beta1': ['FlowSchema', 'PriorityLevelConfiguration'],
  'flowcontrol.apiserver.k8s.io/v1beta2': ['FlowSchema', 'PriorityLevelConfiguration'],
  'flowcontrol.apiserver.k8s.io/v1beta3': ['FlowSchema', 'PriorityLevelConfiguration'],
  'networking.k8s.io/v1beta1': ['Ingress', 'IngressClass'],
  'node.k8s.io/v1alpha1': ['RuntimeClass'],
  'node.k8s.io/v1beta1': ['RuntimeClass'],
  'policy/v1beta1': ['PodDisruptionBudget'],
  'rbac.authorization.k8s.io/v1alpha1': ['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'],
  'rbac.authorization.k8s.io/v1beta1': ['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'],
  'scheduling.k8s.io/v1beta1': ['PriorityClass'],
  'storage.k8s.io/v1alpha1': ['CSIStorageCapacity', 'VolumeAttachment', 'VolumeAttributesClass'],
  'storage.k8s.io/v1beta1': ['CSIDriver', 'CSINode', 'CSIStorageCapacity', 'StorageClass', 'VolumeAttachment'],
};

/** Bodies that an endpoint takes though they name another version than its own. */
const accepted = new Map([['policy/v1beta1 Eviction', 'policy/v1']]);

// Upstream is three servers in one process, each with a table of types of its own.
const serversOfTheirOwn = ['apiextensions.k8s.io', 'apiregistration.k8s.io'];
const everywhere = new Set([
  'Status',
  'DeleteOptions',
  'CreateOptions',
  'UpdateOptions',
  'PatchOptions',
  'GetOptions',
  'WatchEvent',
]);

export interface KnownKinds {
  /** The type to decode a body as, `retired`, or undefined for what an endpoint of `expectedGroup` never heard of. */
  find(gvk: GroupVersionKind, expectedGroup: string): { readonly typeName: string } | 'retired' | undefined;
  /** The body's version when the endpoint takes it as its own, else the version that it names. */
  takenAs(gvk: GroupVersionKind): string;
}

const keyOf = (gvk: GroupVersionKind) => `${apiVersionOf(gvk)} ${gvk.kind}`;

export function createKnownKinds(schema: SchemaDocument): KnownKinds {
  const typeNames = new Map<string, string>();
  for (const [name, type] of Object.entries(schema.types)) {
    for (const [group, version, kind] of type.gvk ?? []) typeNames.set(keyOf({ group, version, kind }), name);
  }
  const takenAs = (gvk: GroupVersionKind) => accepted.get(keyOf(gvk)) ?? apiVersionOf(gvk);
  return {
    takenAs,
    find(gvk, expectedGroup) {
      const server = (group: string) => (serversOfTheirOwn.includes(group) ? group : '');
      if (server(gvk.group) !== server(expectedGroup) && !everywhere.has(gvk.kind)) return undefined;
      if (retired[apiVersionOf(gvk)]?.includes(gvk.kind)) return 'retired';
      const typeName = typeNames.get(`${takenAs(gvk)} ${gvk.kind}`);
      return typeName === undefined ? undefined : { typeName };
    },
  };
}
