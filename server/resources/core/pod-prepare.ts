import { toTime } from '../../../api/clock.ts';
import { semanticEqual } from '../../../api/equal.ts';
import type { FieldErrors } from '../../../api/field-error.ts';
import { FieldPath } from '../../../api/field-error.ts';
import type { Api } from '../../../api/object.ts';
import type { StrategyContext } from '../../registry/strategy.ts';
import { appArmorPrefix } from './pod-annotations.ts';
import { allContainers } from './pod-containers.ts';
import { dropDisabledSpecFields } from './pod-disabled-fields.ts';
import { podQOSClass } from './pod-qos.ts';
import type { LabelSelector, Pod, PodSpec } from './pod-types.ts';
import { appArmorFromAnnotation, validateAppArmorProfile } from './security-context-profiles.ts';

type PodAffinity = Api<'io.k8s.api.core.v1.PodAffinity'>;
type Labels = Readonly<Record<string, string>>;
interface KeyedTerm {
  readonly matchLabelKeys?: string[];
  readonly mismatchLabelKeys?: string[];
  readonly labelSelector?: LabelSelector;
}

/** A new pod is pending, whatever its creator says of its status. */
export function preparePod(pod: Pod, { now }: Pick<StrategyContext, 'now'>): void {
  pod.spec ??= {};
  const spec = pod.spec;
  pod.status = { phase: 'Pending', qosClass: podQOSClass(spec) };
  dropDisabledSpecFields(spec);
  if ((spec.schedulingGates ?? []).length > 0) {
    pod.status.conditions = [
      {
        type: 'PodScheduled',
        status: 'False',
        lastTransitionTime: toTime(now),
        reason: 'SchedulingGated',
        message: 'Scheduling is blocked due to non-empty scheduling gates',
      },
    ];
  }
  mergeLabelKeys(spec, pod.metadata?.labels ?? {});
  applyAppArmorAnnotations(spec, pod.metadata?.annotations);
}

/** Keys of the pod's own labels become requirements of the selectors beside them. */
function mergeLabelKeys(spec: PodSpec, labels: Labels): void {
  mergeAffinityKeys(spec.affinity?.podAffinity, labels);
  mergeAffinityKeys(spec.affinity?.podAntiAffinity, labels);
  for (const constraint of spec.topologySpreadConstraints ?? [])
    mergeTermKeys({ ...constraint, mismatchLabelKeys: [] }, labels);
}

function mergeAffinityKeys(affinity: PodAffinity | undefined, labels: Labels): void {
  for (const { podAffinityTerm = {} } of affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []) {
    mergeTermKeys(podAffinityTerm, labels);
  }
  for (const term of affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) mergeTermKeys(term, labels);
}

function mergeTermKeys(
  { matchLabelKeys = [], mismatchLabelKeys = [], labelSelector }: KeyedTerm,
  labels: Labels,
): void {
  if (labelSelector === undefined) return;
  const add = (keys: readonly string[], operator: string): void => {
    for (const key of keys) {
      const value = labels[key];
      if (value === undefined) continue;
      labelSelector.matchExpressions ??= [];
      labelSelector.matchExpressions.push({ key, operator, values: [value] });
    }
  };
  add(matchLabelKeys, 'In');
  add(mismatchLabelKeys, 'NotIn');
}

/** Annotations of before there were fields fill the fields. */
function applyAppArmorAnnotations(spec: PodSpec, annotations: Labels | undefined): void {
  if (annotations === undefined || spec.os?.name === 'windows') return;
  for (const container of allContainers(spec)) {
    const annotation = annotations[appArmorPrefix + (container.name ?? '')];
    if (annotation === undefined || container.securityContext?.appArmorProfile !== undefined) continue;
    const profile = validProfile(annotation);
    if (profile === undefined || semanticEqual(profile, spec.securityContext?.appArmorProfile)) continue;
    container.securityContext = { ...container.securityContext, appArmorProfile: profile };
  }
}

function validProfile(annotation: string): ReturnType<typeof appArmorFromAnnotation> {
  const profile = appArmorFromAnnotation(annotation);
  const errors: FieldErrors = [];
  if (profile !== undefined) validateAppArmorProfile(profile, FieldPath.of('profile'), errors);
  return errors.length === 0 ? profile : undefined;
}

/** One warning for each annotation that the field should replace. Given the pod as it was sent, before preparation. */
export function appArmorAnnotationWarnings(pod: Readonly<Pod>): string[] {
  const annotations = pod.metadata?.annotations;
  const spec = pod.spec ?? {};
  if (annotations === undefined || spec.os?.name === 'windows') return [];
  if (!Object.keys(annotations).some((key) => key.startsWith(appArmorPrefix))) return [];
  const warnings: string[] = [];
  for (const container of allContainers(spec)) {
    const key = appArmorPrefix + (container.name ?? '');
    const annotation = annotations[key];
    if (annotation === undefined) continue;
    const own = container.securityContext?.appArmorProfile;
    const profile = validProfile(annotation);
    const filled = profile !== undefined && !semanticEqual(profile, spec.securityContext?.appArmorProfile);
    // The field may have been filled from the annotation just now: then they are equal.
    if (own !== undefined ? !semanticEqual(own, profile) : profile !== undefined && !filled) continue;
    warnings.push(`metadata.annotations[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`);
  }
  return warnings;
}
