import type { Api } from '../../../api/object.ts';
import { type PodTemplate, podFromTemplate } from '../pod-control.ts';
import type { Pod } from '../pod-state.ts';
import { podRevisionLabel } from '../revisions.ts';

export type StatefulSet = Readonly<Api<'io.k8s.api.apps.v1.StatefulSet'>>;
export type Claim = Readonly<Api<'io.k8s.api.core.v1.PersistentVolumeClaim'>>;
export type NewPod = Api<'io.k8s.api.core.v1.Pod'>;

export const statefulSetResource = { group: 'apps', version: 'v1', resource: 'statefulsets' } as const;
export const statefulSetKind = { group: 'apps', version: 'v1', kind: 'StatefulSet' } as const;

const podNameLabel = 'statefulset.kubernetes.io/pod-name';
const podIndexLabel = 'apps.kubernetes.io/pod-index';
const maxOrdinal = 2 ** 31 - 1;

export interface Membership {
  /** The name of the set, by the pod's name alone; '' for a name without an ordinal. */
  readonly parent: string;
  /** -1: none. */
  readonly ordinal: number;
}

export function membershipOf({ metadata }: Pod): Membership {
  const [, parent = '', digits = ''] = /^(.*)-(\d+)$/.exec(metadata?.name ?? '') ?? [];
  const ordinal = digits === '' ? -1 : Number(digits);
  return { parent, ordinal: ordinal > maxOrdinal ? -1 : ordinal };
}

export function ordinalOf(pod: Pod): number {
  return membershipOf(pod).ordinal;
}

export function isMemberOf(set: StatefulSet, pod: Pod): boolean {
  return membershipOf(pod).parent === set.metadata?.name;
}

export function startOrdinal({ spec }: StatefulSet): number {
  return spec?.ordinals?.start ?? 0;
}

export function replicasOf({ spec }: StatefulSet): number {
  return spec?.replicas ?? 1;
}

export function isInRange(set: StatefulSet, pod: Pod): boolean {
  const ordinal = ordinalOf(pod);
  const start = startOrdinal(set);
  return ordinal >= start && ordinal < start + replicasOf(set);
}

export function podRevision({ metadata }: Pod): string {
  return metadata?.labels?.[podRevisionLabel] ?? '';
}

function podName(set: StatefulSet, ordinal: number): string {
  return `${set.metadata?.name}-${ordinal}`;
}

function claimName(set: StatefulSet, template: Claim, ordinal: number): string {
  return `${template.metadata?.name}-${set.metadata?.name}-${ordinal}`;
}

/** The names of the claims that the pod of an ordinal uses. */
export function claimNames(set: StatefulSet, ordinal: number): string[] {
  return (set.spec?.volumeClaimTemplates ?? []).map((template) => claimName(set, template, ordinal));
}

/** The claims of an ordinal as they are created. */
export function claimsOf(set: StatefulSet, ordinal: number): Claim[] {
  return (set.spec?.volumeClaimTemplates ?? []).map((template) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    ...template,
    metadata: {
      ...template.metadata,
      name: claimName(set, template, ordinal),
      namespace: set.metadata?.namespace ?? '',
      labels: { ...template.metadata?.labels, ...set.spec?.selector?.matchLabels },
    },
  }));
}

export function identityMatches(set: StatefulSet, pod: Pod): boolean {
  const { parent, ordinal } = membershipOf(pod);
  const name = pod.metadata?.name;
  return (
    ordinal >= 0 &&
    parent === set.metadata?.name &&
    name === podName(set, ordinal) &&
    pod.metadata?.labels?.[podNameLabel] === name
  );
}

export function storageMatches(set: StatefulSet, pod: Pod): boolean {
  const ordinal = ordinalOf(pod);
  if (ordinal < 0) return false;
  const claimOf = new Map((pod.spec?.volumes ?? []).map((v) => [v.name, v.persistentVolumeClaim?.claimName]));
  return (set.spec?.volumeClaimTemplates ?? []).every(
    (template) => claimOf.get(template.metadata?.name ?? '') === claimName(set, template, ordinal),
  );
}

/** The same pod with the name and labels of its ordinal. */
export function withIdentity(set: StatefulSet, pod: Pod, ordinal = ordinalOf(pod)): NewPod {
  const name = podName(set, ordinal);
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      name,
      namespace: set.metadata?.namespace ?? '',
      labels: { ...pod.metadata?.labels, [podNameLabel]: name, [podIndexLabel]: String(ordinal) },
    },
  };
}

/** The same pod with a volume for each claim; they take the place of volumes with their names. */
export function withStorage(set: StatefulSet, pod: NewPod): NewPod {
  const ordinal = ordinalOf(pod);
  const templates = set.spec?.volumeClaimTemplates ?? [];
  if (templates.length === 0) return pod;
  const claimed = new Set(templates.map(({ metadata }) => metadata?.name));
  const volumes = [
    ...templates.map((template) => ({
      name: template.metadata?.name ?? '',
      persistentVolumeClaim: { claimName: claimName(set, template, ordinal) },
    })),
    ...(pod.spec?.volumes ?? []).filter(({ name }) => !claimed.has(name)),
  ];
  return { ...pod, spec: { containers: [], ...pod.spec, volumes } };
}

export interface Version {
  readonly template: PodTemplate;
  /** The name of its revision. */
  readonly revision: string;
}

export function newPod(set: StatefulSet, { template, revision }: Version, ordinal: number): NewPod {
  const named = withIdentity(set, podFromTemplate(template, set, statefulSetKind), ordinal);
  const subdomain = set.spec?.serviceName ?? '';
  return withStorage(set, {
    ...named,
    metadata: { ...named.metadata, labels: { ...named.metadata?.labels, [podRevisionLabel]: revision } },
    spec: {
      containers: [],
      ...named.spec,
      hostname: named.metadata?.name ?? '',
      ...(subdomain === '' ? {} : { subdomain }),
    },
  });
}
