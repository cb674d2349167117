import { semanticEqual } from '../../../api/equal.ts';
import { FieldPath } from '../../../api/field-error.ts';
import type { Api } from '../../../api/object.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { defaultPodSpec } from './pod-defaults.ts';
import { dropDisabledTemplateFields } from './pod-disabled-fields.ts';
import { podTemplateWarnings, validatePodTemplateSpec, validatePodTemplateSpecUpdate } from './pod-template.ts';

type PodTemplate = Api<'io.k8s.api.core.v1.PodTemplate'>;

const path = FieldPath.of('template');

export const podTemplateStrategy: Strategy<PodTemplate> = {
  resource: 'podtemplates',
  generation: true,
  generationChanged: (object, old) => !semanticEqual(object.template, old.template),
  applyDefaults(object) {
    object.template ??= {};
    object.template.spec ??= {};
    defaultPodSpec(object.template.spec);
  },
  prepareForCreate: (object) => dropDisabledTemplateFields(object.template),
  validateCreate: (object) => validatePodTemplateSpec(object.template ?? {}, path),
  warningsOnCreate: (object) => podTemplateWarnings(object.template ?? {}, path),
  prepareForUpdate: (object, old) => dropDisabledTemplateFields(object.template, old.template),
  validateUpdate: (object, old) => validatePodTemplateSpecUpdate(object.template ?? {}, old.template ?? {}, path),
  warningsOnUpdate: (object, old) =>
    semanticEqual(object.template, old.template) ? [] : podTemplateWarnings(object.template ?? {}, path),
};
