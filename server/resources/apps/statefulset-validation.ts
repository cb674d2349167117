import { type FieldErrors, FieldPath, invalid, notSupported, required } from '../../../api/field-error.ts';
import type { Api } from '../../../api/object.ts';
import { validateAnnotations, validateLabels } from '../../../api/validation/labels.ts';
import { dns1123LabelErrors } from '../core/field-checks.ts';
import type { PodTemplateSpec } from '../core/pod-template.ts';
import { validateTemplate } from './replica-template.ts';
import { validateClaimTemplates } from './statefulset-claims.ts';
import {
  atMost100Percent,
  intOrPercentValue,
  nonnegative,
  printedSelector,
  selectorMismatch,
  selectsLabels,
  validateIntOrPercent,
  validateRunsForever,
  validateWorkloadSelector,
} from './workload-validation.ts';

type StatefulSetSpec = Api<'io.k8s.api.apps.v1.StatefulSetSpec'>;
type UpdateStrategy = Api<'io.k8s.api.apps.v1.StatefulSetUpdateStrategy'>;
type RetentionPolicy = Api<'io.k8s.api.apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy'>;

const specPath = FieldPath.of('spec');
const templatePath = specPath.child('template');

export interface StatefulSetValidation {
  /** Present on update: what cannot change is not checked again. */
  readonly old?: Readonly<StatefulSetSpec>;
  /** The old template was invalid already. */
  readonly skipTemplate?: boolean;
}

function printedRollout(rollout: UpdateStrategy['rollingUpdate']): unknown {
  if (rollout === undefined) return null;
  return { Partition: rollout.partition ?? 0, MaxUnavailable: rollout.maxUnavailable ?? null };
}

function validateUpdateStrategy(strategy: Readonly<UpdateStrategy>): FieldErrors {
  const path = specPath.child('updateStrategy');
  const rollout = strategy.rollingUpdate;
  const rolloutPath = path.child('rollingUpdate');
  switch (strategy.type ?? '') {
    case '':
      return [required(path)];
    case 'OnDelete':
      return rollout === undefined
        ? []
        : [invalid(rolloutPath, printedRollout(rollout), "only allowed for updateStrategy 'RollingUpdate'")];
    case 'RollingUpdate': {
      const errors = nonnegative(rollout?.partition, rolloutPath.child('partition'));
      const max = rollout?.maxUnavailable;
      if (max === undefined) return errors;
      const maxPath = rolloutPath.child('maxUnavailable');
      errors.push(...validateIntOrPercent(max, maxPath));
      if (intOrPercentValue(max) === 0) errors.push(invalid(maxPath, max, 'cannot be 0'));
      return [...errors, ...atMost100Percent(max, maxPath)];
    }
    default: {
      const printed = { Type: strategy.type, RollingUpdate: printedRollout(rollout) };
      return [invalid(path, printed, "must be 'RollingUpdate' or 'OnDelete'")];
    }
  }
}

function validateManagementPolicy(policy: string | undefined): FieldErrors {
  const path = specPath.child('podManagementPolicy');
  if (!policy) return [required(path)];
  return policy === 'OrderedReady' || policy === 'Parallel'
    ? []
    : [invalid(path, policy, "must be 'OrderedReady' or 'Parallel'")];
}

function validateRetention(policy: Readonly<RetentionPolicy> | undefined): FieldErrors {
  if (policy === undefined) return [];
  const path = specPath.child('persistentVolumeClaimRetentionPolicy');
  return (['whenDeleted', 'whenScaled'] as const).flatMap((when) => {
    const value = policy[when] ?? '';
    return value === 'Retain' || value === 'Delete'
      ? []
      : [notSupported(path.child(when), value, ['Retain', 'Delete'])];
  });
}

/** What the pods will be: host name and subdomain are the controller's to set, claims become volumes of their names. */
function effectiveTemplate(spec: Readonly<StatefulSetSpec>): PodTemplateSpec {
  const template = spec.template ?? {};
  const claims = (spec.volumeClaimTemplates ?? []).map((claim) => claim.metadata?.name ?? '');
  if (!template.spec?.subdomain && !template.spec?.hostname && claims.length === 0) return template;
  const { hostname: _hostname, subdomain: _subdomain, ...podSpec } = template.spec ?? {};
  if (claims.length === 0) return { ...template, spec: podSpec };
  const volumes = [
    ...[...new Set(claims)].map((name) => ({ name, persistentVolumeClaim: { claimName: name } })),
    ...(podSpec.volumes ?? []).filter((volume) => !claims.includes(volume.name ?? '')),
  ];
  return { ...template, spec: { ...podSpec, volumes } };
}

function validateSelectedTemplate(spec: Readonly<StatefulSetSpec>, options: StatefulSetValidation): FieldErrors {
  const template = effectiveTemplate(spec);
  const selected = selectsLabels(spec.selector, template.metadata?.labels, specPath.child('selector'));
  if (selected === undefined) return [invalid(specPath.child('selector'), printedSelector(spec.selector), '')];
  const oldTemplate = options.old === undefined ? undefined : effectiveTemplate(options.old);
  return [
    ...(selected ? [] : selectorMismatch(template, templatePath)),
    ...(options.skipTemplate ? [] : validateTemplate(template, oldTemplate, templatePath)),
    // Twice, as upstream does it.
    ...validateLabels(template.metadata?.labels ?? {}, templatePath.child('labels')),
    ...validateAnnotations(template.metadata?.annotations ?? {}, templatePath.child('annotations')),
  ];
}

export function validateStatefulSetSpec(
  spec: Readonly<StatefulSetSpec>,
  options: StatefulSetValidation = {},
): FieldErrors {
  const isNew = options.old === undefined;
  return [
    ...validateManagementPolicy(spec.podManagementPolicy),
    ...validateUpdateStrategy(spec.updateStrategy ?? {}),
    ...validateRetention(spec.persistentVolumeClaimRetentionPolicy),
    ...(isNew ? validateClaimTemplates(spec.volumeClaimTemplates ?? [], specPath.child('volumeClaimTemplates')) : []),
    ...nonnegative(spec.replicas, specPath.child('replicas')),
    ...nonnegative(spec.minReadySeconds, specPath.child('minReadySeconds')),
    ...nonnegative(spec.ordinals?.start, specPath.child('ordinals', 'start')),
    ...(isNew && spec.serviceName ? dns1123LabelErrors(spec.serviceName, specPath.child('serviceName')) : []),
    ...validateWorkloadSelector(spec.selector, specPath.child('selector'), 'statefulset'),
    ...validateSelectedTemplate(spec, options),
    ...validateRunsForever(spec.template ?? {}, templatePath, 'StatefulSet'),
  ];
}

/** Whether an existing spec would pass today. */
export function isValidStatefulSetSpec(spec: Readonly<StatefulSetSpec>): boolean {
  return validateStatefulSetSpec(spec, { old: spec }).length === 0;
}
