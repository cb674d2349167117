import { semanticEqual } from '../../../api/equal.ts';
import { type FieldErrors, FieldPath, forbidden, invalid } from '../../../api/field-error.ts';
import { nameIsDNSLabel } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { podTemplateWarnings } from '../core/pod-template.ts';
import { defaultPodTemplate } from './replica-template.ts';
import { claimTemplateWarnings, defaultClaimTemplate } from './statefulset-claims.ts';
import { isValidStatefulSetSpec, validateStatefulSetSpec } from './statefulset-validation.ts';
import { validateCollisionCount, validateCounters } from './workload-validation.ts';

export type StatefulSet = Api<'io.k8s.api.apps.v1.StatefulSet'>;
type StatefulSetSpec = Api<'io.k8s.api.apps.v1.StatefulSetSpec'>;

const specPath = FieldPath.of('spec');
const statusPath = FieldPath.of('status');
const templatePath = specPath.child('template');
const claimsPath = specPath.child('volumeClaimTemplates');

function defaultUpdateStrategy(spec: StatefulSetSpec): void {
  spec.updateStrategy ??= {};
  const strategy = spec.updateStrategy;
  if (!strategy.type) {
    strategy.type = 'RollingUpdate';
    strategy.rollingUpdate ??= {};
  }
  if (strategy.type === 'RollingUpdate' && strategy.rollingUpdate !== undefined) strategy.rollingUpdate.partition ??= 0;
}

function applyDefaults(statefulSet: StatefulSet): void {
  statefulSet.spec ??= {};
  const spec = statefulSet.spec;
  spec.podManagementPolicy ||= 'OrderedReady';
  defaultUpdateStrategy(spec);
  spec.persistentVolumeClaimRetentionPolicy ??= {};
  spec.persistentVolumeClaimRetentionPolicy.whenDeleted ||= 'Retain';
  spec.persistentVolumeClaimRetentionPolicy.whenScaled ||= 'Retain';
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= 10;
  spec.template ??= {};
  defaultPodTemplate(spec.template);
  spec.volumeClaimTemplates?.forEach(defaultClaimTemplate);
}

/** The feature of more than one unavailable pod is off: the field is dropped unless it was kept before. */
function dropDisabledFields(statefulSet: StatefulSet, old?: Readonly<StatefulSet>): void {
  const rollout = statefulSet.spec?.updateStrategy?.rollingUpdate;
  if (rollout !== undefined && old?.spec?.updateStrategy?.rollingUpdate?.maxUnavailable === undefined) {
    delete rollout.maxUnavailable;
  }
}

const mutableFields = [
  'replicas',
  'template',
  'updateStrategy',
  'minReadySeconds',
  'ordinals',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
] as const;

function fixedPart(spec: Readonly<StatefulSetSpec>): StatefulSetSpec {
  const rest = { ...spec };
  for (const field of mutableFields) delete rest[field];
  return rest;
}

function validateUpdate(statefulSet: Readonly<StatefulSet>, old: Readonly<StatefulSet>): FieldErrors {
  const spec = statefulSet.spec ?? {};
  const oldSpec = old.spec ?? {};
  const errors = validateStatefulSetSpec(spec, {
    old: oldSpec,
    skipTemplate: !isValidStatefulSetSpec(oldSpec),
  });
  if (!semanticEqual(fixedPart(spec), fixedPart(oldSpec))) {
    const text =
      "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
    errors.push(forbidden(specPath, text));
  }
  return errors;
}

function validateStatusUpdate(statefulSet: Readonly<StatefulSet>, old: Readonly<StatefulSet>): FieldErrors {
  const status = statefulSet.status ?? {};
  const parts = ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'];
  const errors = validateCounters(
    status,
    statusPath,
    ['replicas', ...parts, 'observedGeneration', 'collisionCount'],
    parts,
  );
  const available = status.availableReplicas ?? 0;
  if (available > (status.readyReplicas ?? 0)) {
    errors.push(
      invalid(statusPath.child('availableReplicas'), available, 'cannot be greater than status.readyReplicas'),
    );
  }
  return [...errors, ...validateCollisionCount(status.collisionCount, old.status?.collisionCount, statusPath)];
}

function historyWarnings(spec: Readonly<StatefulSetSpec>): string[] {
  return (spec.revisionHistoryLimit ?? 0) < 0
    ? ['spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended']
    : [];
}

export const statefulSetStrategy: Strategy<StatefulSet> = {
  resource: 'statefulsets.apps',
  generation: true,
  validateName: nameIsDNSLabel,
  applyDefaults,
  prepareForCreate(statefulSet) {
    statefulSet.status = { availableReplicas: 0, replicas: 0 };
    dropDisabledFields(statefulSet);
  },
  validateCreate: (statefulSet) => validateStatefulSetSpec(statefulSet.spec ?? {}),
  warningsOnCreate: (statefulSet) => [
    ...podTemplateWarnings(statefulSet.spec?.template ?? {}, templatePath),
    ...claimTemplateWarnings(statefulSet.spec?.volumeClaimTemplates ?? [], (i) => claimsPath.index(i)),
    ...historyWarnings(statefulSet.spec ?? {}),
  ],
  prepareForUpdate(statefulSet, old) {
    statefulSet.status = old.status;
    dropDisabledFields(statefulSet, old);
  },
  validateUpdate,
  warningsOnUpdate: (statefulSet, old) => [
    ...(semanticEqual(statefulSet.spec, old.spec)
      ? []
      : podTemplateWarnings(statefulSet.spec?.template ?? {}, templatePath)),
    // Upstream's path is spelled so on update.
    ...claimTemplateWarnings(statefulSet.spec?.volumeClaimTemplates ?? [], (i) => claimsPath.index(i).child('Spec')),
    ...historyWarnings(statefulSet.spec ?? {}),
  ],
  subresources: {
    status: {
      prepareForUpdate(statefulSet, old) {
        statefulSet.spec = old.spec;
      },
      validateUpdate: validateStatusUpdate,
    },
  },
};
