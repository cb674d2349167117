import { fieldSetOf } from './field-set.ts';
import type { IgnoredFields } from './target.ts';

export interface RequestPlace {
  readonly group: string;
  readonly kind: string;
  /** '' for the object itself. */
  readonly subresource: string;
}

/** Kinds whose status requests leave the metadata as it is. */
const metadataKinds: ReadonlySet<string> = new Set([
  'FlowSchema',
  'PriorityLevelConfiguration',
  'ServiceCIDR',
  'DeviceTaintRule',
  'ResourceClaim',
  'ResourcePoolStatusRequest',
  'PodGroup',
  'VolumeAttachment',
  'StorageVersionMigration',
  'StorageVersion',
  'ValidatingAdmissionPolicy',
  'APIService',
]);

/** Kinds with a status of their own; others have nothing to ignore. */
const statusKinds: ReadonlySet<string> = new Set([
  ...metadataKinds,
  'DaemonSet',
  'Deployment',
  'ReplicaSet',
  'StatefulSet',
  'HorizontalPodAutoscaler',
  'CronJob',
  'Job',
  'CertificateSigningRequest',
  'PodCertificateRequest',
  'Namespace',
  'Node',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'Pod',
  'ReplicationController',
  'ResourceQuota',
  'Service',
  'Ingress',
  'PodDisruptionBudget',
  'CustomResourceDefinition',
]);

const spec = ['f:spec'];
const status = ['f:status'];
const metadata = ['f:metadata'];

const special: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'CertificateSigningRequest/': [spec, status],
  'CertificateSigningRequest/status': [spec, ['f:status', 'f:conditions']],
  'CertificateSigningRequest/approval': [spec, ['f:status', 'f:certificate']],
  'PodCertificateRequest/': [],
  'Deployment/status': [spec, ['f:metadata', 'f:labels']],
  'Pod/status': [spec, ['f:metadata', 'f:deletionTimestamp'], ['f:metadata', 'f:ownerReferences']],
  'Namespace/finalize': [status],
};

/** What requests at a place reset, so that nobody comes to own it: the status for the object itself, the spec for its status. */
export function ignoredFields({ group, kind, subresource }: RequestPlace): IgnoredFields | undefined {
  const builtIn = group === '' || !group.includes('.') || group.endsWith('.k8s.io');
  const place = `${kind}/${subresource}`;
  if (!builtIn || !statusKinds.has(kind)) return undefined;
  const paths = special[place] ?? generalPaths(kind, subresource);
  return paths.length === 0 ? undefined : { all: fieldSetOf(...paths) };
}

function generalPaths(kind: string, subresource: string): readonly (readonly string[])[] {
  if (subresource === '') return [status];
  if (subresource !== 'status') return [];
  return metadataKinds.has(kind) ? [spec, metadata] : [spec];
}
