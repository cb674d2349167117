import { semanticEqual } from '../../../api/equal.ts';
import { type FieldErrors, FieldPath, invalid, notSupported, required } from '../../../api/field-error.ts';
import type { Api } from '../../../api/object.ts';
import { validateLabelSelector } from '../../../api/validation/labels.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { podTemplateWarnings } from '../core/pod-template.ts';
import { int64Annotation, setAnnotation, templateGenerationAnnotation } from './legacy-annotations.ts';
import { defaultPodTemplate, validateTemplate } from './replica-template.ts';
import {
  atMost100Percent,
  immutable,
  intOrPercentValue,
  isEmptySelector,
  nonnegative,
  printedSelector,
  selectorMismatch,
  selectsLabels,
  validateCollisionCount,
  validateCounters,
  validateIntOrPercent,
  validateRunsForever,
} from './workload-validation.ts';

export type DaemonSet = Api<'io.k8s.api.apps.v1.DaemonSet'>;
type DaemonSetSpec = Api<'io.k8s.api.apps.v1.DaemonSetSpec'>;
type UpdateStrategy = Api<'io.k8s.api.apps.v1.DaemonSetUpdateStrategy'>;

const specPath = FieldPath.of('spec');
const statusPath = FieldPath.of('status');
const templatePath = specPath.child('template');

function applyDefaults(daemonSet: DaemonSet): void {
  daemonSet.spec ??= {};
  const spec = daemonSet.spec;
  spec.updateStrategy ??= {};
  spec.updateStrategy.type ||= 'RollingUpdate';
  if (spec.updateStrategy.type === 'RollingUpdate') {
    spec.updateStrategy.rollingUpdate ??= {};
    spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1;
    spec.updateStrategy.rollingUpdate.maxSurge ??= 0;
  }
  spec.revisionHistoryLimit ??= 10;
  spec.template ??= {};
  defaultPodTemplate(spec.template);
  const generation = int64Annotation(daemonSet, templateGenerationAnnotation, 'DaemonSet') ?? 0n;
  setAnnotation(daemonSet, templateGenerationAnnotation, generation.toString());
}

function templateGeneration(daemonSet: Readonly<DaemonSet>): bigint {
  return int64Annotation(daemonSet, templateGenerationAnnotation, 'DaemonSet') ?? 0n;
}

function validateUpdateStrategy(strategy: Readonly<UpdateStrategy>, path: FieldPath): FieldErrors {
  const { type = '', rollingUpdate } = strategy;
  if (type === 'OnDelete') return [];
  const { maxUnavailable = 0, maxSurge = 0 } = rollingUpdate ?? {};
  if (type !== 'RollingUpdate') {
    const printed = {
      Type: type,
      RollingUpdate: rollingUpdate === undefined ? null : { MaxUnavailable: maxUnavailable, MaxSurge: maxSurge },
    };
    return [notSupported(path, printed, ['RollingUpdate', 'OnDelete'])];
  }
  const rolloutPath = path.child('rollingUpdate');
  if (rollingUpdate === undefined) return [required(rolloutPath)];
  const unavailablePath = rolloutPath.child('maxUnavailable');
  const surgePath = rolloutPath.child('maxSurge');
  const errors = [
    ...validateIntOrPercent(maxUnavailable, unavailablePath),
    ...validateIntOrPercent(maxSurge, surgePath),
    ...atMost100Percent(maxUnavailable, unavailablePath),
    ...atMost100Percent(maxSurge, surgePath),
  ];
  const hasUnavailable = intOrPercentValue(maxUnavailable) !== 0;
  const hasSurge = intOrPercentValue(maxSurge) !== 0;
  if (hasUnavailable && hasSurge)
    errors.push(invalid(surgePath, maxSurge, 'may not be set when maxUnavailable is non-zero'));
  if (!hasUnavailable && !hasSurge) errors.push(required(unavailablePath, 'cannot be 0 when maxSurge is 0'));
  return errors;
}

function validateSpec(spec: Readonly<DaemonSetSpec>, old: Readonly<DaemonSetSpec> | undefined): FieldErrors {
  const template = spec.template ?? {};
  const selectorPath = specPath.child('selector');
  const errors: FieldErrors = spec.selector === undefined ? [] : validateLabelSelector(spec.selector, {}, selectorPath);
  if (selectsLabels(spec.selector, template.metadata?.labels, selectorPath) === false) {
    errors.push(...selectorMismatch(template, templatePath));
  }
  if (spec.selector !== undefined && isEmptySelector(spec.selector)) {
    errors.push(invalid(selectorPath, {}, 'empty selector is invalid for daemonset'));
  }
  return [
    ...errors,
    ...validateTemplate(template, old === undefined ? undefined : (old.template ?? {}), templatePath),
    ...validateRunsForever(template, templatePath, 'DaemonSet'),
    ...nonnegative(spec.minReadySeconds, specPath.child('minReadySeconds')),
    ...validateUpdateStrategy(spec.updateStrategy ?? {}, specPath.child('updateStrategy')),
    ...nonnegative(spec.revisionHistoryLimit, specPath.child('revisionHistoryLimit')),
  ];
}

function validateStatusUpdate(daemonSet: Readonly<DaemonSet>, old: Readonly<DaemonSet>): FieldErrors {
  const status = daemonSet.status ?? {};
  return [
    ...validateCounters(status, statusPath, [
      'currentNumberScheduled',
      'numberMisscheduled',
      'desiredNumberScheduled',
      'numberReady',
      'observedGeneration',
      'updatedNumberScheduled',
      'numberAvailable',
      'numberUnavailable',
      'collisionCount',
    ]),
    ...validateCollisionCount(status.collisionCount, old.status?.collisionCount, statusPath),
  ];
}

export const daemonSetStrategy: Strategy<DaemonSet> = {
  resource: 'daemonsets.apps',
  generation: true,
  applyDefaults,
  prepareForCreate(daemonSet) {
    daemonSet.status = { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 };
    const generation = templateGeneration(daemonSet);
    setAnnotation(daemonSet, templateGenerationAnnotation, (generation < 1n ? 1n : generation).toString());
  },
  validateCreate: (daemonSet) => validateSpec(daemonSet.spec ?? {}, undefined),
  warningsOnCreate: (daemonSet) => podTemplateWarnings(daemonSet.spec?.template ?? {}, templatePath),
  prepareForUpdate(daemonSet, old) {
    daemonSet.status = old.status;
    const grown = semanticEqual(daemonSet.spec?.template, old.spec?.template) ? 0n : 1n;
    setAnnotation(daemonSet, templateGenerationAnnotation, (templateGeneration(old) + grown).toString());
  },
  validateUpdate(daemonSet, old) {
    const selector = daemonSet.spec?.selector;
    return [
      ...immutable(selector, old.spec?.selector, specPath.child('selector'), printedSelector(selector)),
      ...validateSpec(daemonSet.spec ?? {}, old.spec ?? {}),
    ];
  },
  warningsOnUpdate: (daemonSet, old) =>
    semanticEqual(daemonSet.spec?.template, old.spec?.template)
      ? []
      : podTemplateWarnings(daemonSet.spec?.template ?? {}, templatePath),
  subresources: {
    status: {
      prepareForUpdate(daemonSet, old) {
        daemonSet.spec = old.spec;
        setAnnotation(daemonSet, templateGenerationAnnotation, templateGeneration(old).toString());
      },
      validateUpdate: validateStatusUpdate,
    },
  },
};
