import { allContainers } from './pod-containers.ts';
import type { Container, EphemeralContainer, PodSpec, PodStatus, PodTemplateSpec, Volume } from './pod-types.ts';

/** Drops what belongs to features that are off in a stock 1.36: alpha ones, and betas that are off by default. */
export function dropDisabledSpecFields(spec: PodSpec, old?: Readonly<PodSpec>): void {
  if (spec.volumes !== undefined) for (const volume of spec.volumes) dropProjections(volume, old);
  if (spec.schedulingGroup !== undefined && old?.schedulingGroup === undefined) delete spec.schedulingGroup;
  if (old === undefined || !allContainers(old).some(({ lifecycle }) => lifecycle?.stopSignal !== undefined)) {
    for (const container of allContainers(spec)) dropStopSignal(container);
  }
}

function dropProjections({ projected }: Volume, old: Readonly<PodSpec> | undefined): void {
  if (projected?.sources === undefined) return;
  for (const source of projected.sources) {
    for (const kind of ['clusterTrustBundle', 'podCertificate'] as const) {
      // Deleting what is not there would slow down all later reads of the object.
      if (source[kind] !== undefined && !usesProjection(old, kind)) delete source[kind];
    }
  }
}

function dropStopSignal(container: Container | EphemeralContainer): void {
  if (container.lifecycle?.stopSignal === undefined) return;
  delete container.lifecycle.stopSignal;
  if (Object.keys(container.lifecycle).length === 0) delete container.lifecycle;
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
    for (const mount of container.volumeMounts ?? []) if (mount.volumeStatus !== undefined) delete mount.volumeStatus;
  }
}
