import { semanticEqual } from '../../../api/equal.ts';
import { type FieldErrors, FieldPath, forbidden, invalid, notSupported } from '../../../api/field-error.ts';
import type { Api } from '../../../api/object.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { podTemplateWarnings } from '../core/pod-template.ts';
import { int64Annotation, rollbackAnnotation, setAnnotation } from './legacy-annotations.ts';
import { defaultPodTemplate, validateSelectedTemplate } from './replica-template.ts';
import {
  atMost100Percent,
  hostNameWarnings,
  immutable,
  intOrPercentValue,
  nonnegative,
  printedSelector,
  validateCollisionCount,
  validateCounters,
  validateIntOrPercent,
  validateWorkloadSelector,
} from './workload-validation.ts';

export type Deployment = Api<'io.k8s.api.apps.v1.Deployment'>;
type DeploymentSpec = Api<'io.k8s.api.apps.v1.DeploymentSpec'>;
type DeploymentStrategy = Api<'io.k8s.api.apps.v1.DeploymentStrategy'>;

const specPath = FieldPath.of('spec');
const statusPath = FieldPath.of('status');
const templatePath = specPath.child('template');

function applyDefaults(deployment: Deployment): void {
  deployment.spec ??= {};
  const spec = deployment.spec;
  spec.replicas ??= 1;
  spec.strategy ??= {};
  spec.strategy.type ||= 'RollingUpdate';
  if (spec.strategy.type === 'RollingUpdate') {
    spec.strategy.rollingUpdate ??= {};
    spec.strategy.rollingUpdate.maxUnavailable ??= '25%';
    spec.strategy.rollingUpdate.maxSurge ??= '25%';
  }
  spec.revisionHistoryLimit ??= 10;
  spec.progressDeadlineSeconds ??= 600;
  spec.template ??= {};
  defaultPodTemplate(spec.template);
  normalizeRollback(deployment);
}

/** An empty annotation asks for nothing, and goes. */
function normalizeRollback(deployment: Deployment): void {
  const annotations = deployment.metadata?.annotations;
  if (annotations?.[rollbackAnnotation] === '') delete annotations[rollbackAnnotation];
  const revision = int64Annotation(deployment, rollbackAnnotation, 'Deployment', rollbackContext);
  if (revision !== undefined) setAnnotation(deployment, rollbackAnnotation, revision.toString());
}

function rollbackContext(text: string): string {
  return `failed to parse annotation[${rollbackAnnotation}]=${text} as int64: `;
}

function validateRollingUpdate(
  rollout: NonNullable<DeploymentStrategy['rollingUpdate']>,
  path: FieldPath,
): FieldErrors {
  const { maxUnavailable, maxSurge } = rollout;
  const errors = [
    ...validateIntOrPercent(maxUnavailable, path.child('maxUnavailable')),
    ...validateIntOrPercent(maxSurge, path.child('maxSurge')),
  ];
  if (intOrPercentValue(maxUnavailable) === 0 && intOrPercentValue(maxSurge) === 0) {
    errors.push(invalid(path.child('maxUnavailable'), maxUnavailable, 'may not be 0 when `maxSurge` is 0'));
  }
  return [...errors, ...atMost100Percent(maxUnavailable, path.child('maxUnavailable'))];
}

function validateStrategy(strategy: Readonly<DeploymentStrategy>, path: FieldPath): FieldErrors {
  const rollout = strategy.rollingUpdate;
  switch (strategy.type ?? '') {
    case 'Recreate':
      return rollout === undefined
        ? []
        : [forbidden(path.child('rollingUpdate'), "may not be specified when strategy `type` is 'Recreate'")];
    case 'RollingUpdate':
      return validateRollingUpdate(rollout ?? {}, path.child('rollingUpdate'));
    default: {
      const printed = {
        Type: strategy.type ?? '',
        RollingUpdate:
          rollout === undefined
            ? null
            : { MaxUnavailable: rollout.maxUnavailable ?? 0, MaxSurge: rollout.maxSurge ?? 0 },
      };
      return [notSupported(path, printed, ['Recreate', 'RollingUpdate'])];
    }
  }
}

function validateSpec(spec: Readonly<DeploymentSpec>, old: Readonly<DeploymentSpec> | undefined): FieldErrors {
  const { minReadySeconds = 0, progressDeadlineSeconds } = spec;
  const errors = [
    ...nonnegative(spec.replicas, specPath.child('replicas')),
    ...validateWorkloadSelector(spec.selector, specPath.child('selector'), 'deployment'),
    ...validateSelectedTemplate(spec, old, specPath),
    ...validateStrategy(spec.strategy ?? {}, specPath.child('strategy')),
    ...nonnegative(minReadySeconds, specPath.child('minReadySeconds')),
    ...nonnegative(spec.revisionHistoryLimit, specPath.child('revisionHistoryLimit')),
  ];
  if (progressDeadlineSeconds !== undefined) {
    const path = specPath.child('progressDeadlineSeconds');
    errors.push(...nonnegative(progressDeadlineSeconds, path));
    if (progressDeadlineSeconds <= minReadySeconds) {
      errors.push(invalid(path, progressDeadlineSeconds, 'must be greater than minReadySeconds'));
    }
  }
  return errors;
}

function validateStatusUpdate(deployment: Readonly<Deployment>, old: Readonly<Deployment>): FieldErrors {
  const status = deployment.status ?? {};
  const errors = validateCounters(
    status,
    statusPath,
    [
      'observedGeneration',
      'replicas',
      'updatedReplicas',
      'readyReplicas',
      'availableReplicas',
      'unavailableReplicas',
      'terminatingReplicas',
      'collisionCount',
    ],
    ['updatedReplicas', 'readyReplicas', 'availableReplicas'],
  );
  const available = status.availableReplicas ?? 0;
  if (available > (status.readyReplicas ?? 0)) {
    errors.push(invalid(statusPath.child('availableReplicas'), available, 'cannot be greater than readyReplicas'));
  }
  return [...errors, ...validateCollisionCount(status.collisionCount, old.status?.collisionCount, statusPath)];
}

/** Annotations count too: they are copied to the ReplicaSets. An update of the status carries the very spec of the old object. */
function generationChanged(deployment: Readonly<Deployment>, old: Readonly<Deployment>): boolean {
  if (deployment.spec !== undefined && deployment.spec === old.spec) return false;
  return (
    !semanticEqual(deployment.spec, old.spec) ||
    !semanticEqual(deployment.metadata?.annotations, old.metadata?.annotations)
  );
}

export const deploymentStrategy: Strategy<Deployment> = {
  resource: 'deployments.apps',
  generation: true,
  generationChanged,
  applyDefaults,
  prepareForCreate(deployment) {
    deployment.status = {};
  },
  validateCreate: (deployment) => validateSpec(deployment.spec ?? {}, undefined),
  warningsOnCreate: (deployment) => [
    ...hostNameWarnings(deployment.metadata?.name),
    ...podTemplateWarnings(deployment.spec?.template ?? {}, templatePath),
  ],
  prepareForUpdate(deployment, old) {
    deployment.status = old.status;
  },
  validateUpdate(deployment, old) {
    const selector = deployment.spec?.selector;
    return [
      ...validateSpec(deployment.spec ?? {}, old.spec ?? {}),
      ...immutable(selector, old.spec?.selector, specPath.child('selector'), printedSelector(selector)),
    ];
  },
  warningsOnUpdate: (deployment, old) =>
    generationChanged(deployment, old) ? podTemplateWarnings(deployment.spec?.template ?? {}, templatePath) : [],
  subresources: {
    status: {
      prepareForUpdate(deployment, old) {
        deployment.spec = old.spec;
        if (deployment.metadata !== undefined) deployment.metadata.labels = old.metadata?.labels;
      },
      validateUpdate: validateStatusUpdate,
    },
  },
};
