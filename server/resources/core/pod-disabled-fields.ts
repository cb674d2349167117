import { allContainers } from './pod-containers.ts';
import type { PodSpec, PodStatus, PodTemplateSpec } from './pod-types.ts';

/** Drops what belongs to features that are off in a stock 1.36: alpha ones, and betas that are off by default. */
export function dropDisabledSpecFields(spec: PodSpec, old?: Readonly<PodSpec>): void {
  for (const volume of spec.volumes ?? []) {
    for (const source of volume.projected?.sources ?? []) {
      if (!usesProjection(old, 'clusterTrustBundle')) delete source.clusterTrustBundle;
      if (!usesProjection(old, 'podCertificate')) delete source.podCertificate;
    }
  }
  if (spec.schedulingGroup !== undefined && old?.schedulingGroup === undefined) delete spec.schedulingGroup;
  if (old !== undefined && allContainers(old).some(({ lifecycle }) => lifecycle?.stopSignal !== undefined)) return;
  for (const container of allContainers(spec)) {
    if (container.lifecycle?.stopSignal === undefined) continue;
    delete container.lifecycle.stopSignal;
    if (Object.keys(container.lifecycle).length === 0) delete container.lifecycle;
  }
}

function usesProjection(spec: Readonly<PodSpec> | undefined, kind: 'clusterTrustBundle' | 'podCertificate'): boolean {
  return (spec?.volumes ?? []).some(({ projected }) =>
    (projected?.sources ?? []).some((source) => source[kind] !== undefined),
  );
}

/** For kinds that hold a template: called when the object is prepared for storage. */
export function dropDisabledTemplateFields(
  template: PodTemplateSpec | undefined,
  old?: Readonly<PodTemplateSpec>,
): void {
  if (template?.spec !== undefined) dropDisabledSpecFields(template.spec, old?.spec);
}

export function dropDisabledStatusFields(status: PodStatus, old: Readonly<PodStatus> | undefined): void {
  if ((old?.nodeAllocatableResourceClaimStatuses ?? []).length === 0)
    delete status.nodeAllocatableResourceClaimStatuses;
  const lists = [status.containerStatuses, status.initContainerStatuses, status.ephemeralContainerStatuses];
  for (const container of lists.flatMap((list) => list ?? [])) {
    for (const mount of container.volumeMounts ?? []) delete mount.volumeStatus;
  }
}
