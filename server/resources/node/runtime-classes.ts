import { duplicate, type FieldErrors, FieldPath, invalid, required } from '../../../api/field-error.ts';
import { nameIsDNSLabel } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import { validateLabels } from '../../../api/validation/labels.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { internalForm, internalShape } from '../core/internal-form.ts';
import { nodeLabelDeprecation } from '../core/node-selector.ts';
import type { ResourceList } from '../core/pod-types.ts';
import { validateResourceRequirements } from '../core/resource-requirements.ts';
import { defaultResourceList } from '../core/resource-requirements-defaults.ts';
import { validateTolerations } from '../core/toleration.ts';

export type RuntimeClass = Api<'io.k8s.api.node.v1.RuntimeClass'>;
type Scheduling = Api<'io.k8s.api.node.v1.Scheduling'>;
type Toleration = Api<'io.k8s.api.core.v1.Toleration'>;

const handlerPath = FieldPath.of('handler');
const schedulingPath = FieldPath.of('scheduling');
const selectorPath = schedulingPath.child('nodeSelector');
const tolerationShape = internalShape(
  'Key:key:s Operator:operator:s Value:value:s Effect:effect:s TolerationSeconds:tolerationSeconds:p',
);

function duplicateTolerations(tolerations: readonly Toleration[], path: FieldPath): FieldErrors {
  const seen = new Set<string>();
  return tolerations.flatMap((toleration, i) => {
    const { key = '', operator = '', value = '', effect = '' } = toleration;
    const id = JSON.stringify([key, operator, value, effect]);
    if (seen.has(id)) return [duplicate(path.index(i), internalForm(toleration, tolerationShape))];
    seen.add(id);
    return [];
  });
}

function validateScheduling(scheduling: Readonly<Scheduling>): FieldErrors {
  const { nodeSelector, tolerations = [] } = scheduling;
  const path = schedulingPath.child('tolerations');
  return [
    ...(nodeSelector === undefined ? [] : validateLabels(nodeSelector, selectorPath)),
    ...validateTolerations(tolerations, path),
    ...duplicateTolerations(tolerations, path),
  ];
}

function validate(runtimeClass: Readonly<RuntimeClass>): FieldErrors {
  const { handler = '', overhead, scheduling } = runtimeClass;
  const errors: FieldErrors = [];
  if (handler === '') errors.push(required(handlerPath));
  else for (const message of nameIsDNSLabel(handler, false)) errors.push(invalid(handlerPath, handler, message));
  if (overhead?.podFixed !== undefined) {
    validateResourceRequirements({ limits: overhead.podFixed as ResourceList }, FieldPath.of('overhead'), errors, {
      pod: {},
    });
  }
  if (scheduling !== undefined) errors.push(...validateScheduling(scheduling));
  return errors;
}

function warnings(runtimeClass: Readonly<RuntimeClass>): string[] {
  return Object.keys(runtimeClass.scheduling?.nodeSelector ?? {}).flatMap((key) => {
    const why = nodeLabelDeprecation(key);
    return why === undefined ? [] : [`${selectorPath}: ${why}`];
  });
}

export const runtimeClasses: Strategy<RuntimeClass> = {
  resource: 'runtimeclasses.node.k8s.io',
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  applyDefaults(runtimeClass) {
    if (runtimeClass.overhead?.podFixed !== undefined)
      defaultResourceList(runtimeClass.overhead.podFixed as ResourceList);
  },
  validateCreate: validate,
  validateUpdate: (runtimeClass, old) => {
    const errors = validate(runtimeClass);
    if (runtimeClass.handler !== old.handler)
      errors.push(invalid(handlerPath, runtimeClass.handler ?? '', 'field is immutable'));
    return errors;
  },
  warningsOnCreate: warnings,
  warningsOnUpdate: warnings,
};
