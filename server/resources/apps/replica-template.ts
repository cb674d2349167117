import type { FieldErrors, FieldPath } from '../../../api/field-error.ts';
import { invalid } from '../../../api/field-error.ts';
import type { LabelSelector } from '../../../api/object.ts';
import { defaultPodSpec } from '../core/pod-defaults.ts';
import { type PodTemplateSpec, validatePodTemplateSpec, validatePodTemplateSpecUpdate } from '../core/pod-template.ts';
import { printedSelector, selectorMismatch, selectsLabels, validateRunsForever } from './workload-validation.ts';

export function defaultPodTemplate(template: PodTemplateSpec | undefined): void {
  if (template === undefined) return;
  template.spec ??= {};
  defaultPodSpec(template.spec);
}

/** The template of an update tolerates what the old one already had. */
export function validateTemplate(
  template: Readonly<PodTemplateSpec>,
  old: Readonly<PodTemplateSpec> | undefined,
  path: FieldPath,
): FieldErrors {
  return old === undefined
    ? validatePodTemplateSpec(template, path)
    : validatePodTemplateSpecUpdate(template, old, path);
}

interface ReplicaSpec {
  readonly selector?: LabelSelector;
  readonly template?: PodTemplateSpec;
}

/** Selector and template of Deployments and ReplicaSets belong together. */
export function validateSelectedTemplate(
  spec: Readonly<ReplicaSpec>,
  old: Readonly<ReplicaSpec> | undefined,
  path: FieldPath,
): FieldErrors {
  const template = spec.template ?? {};
  const templatePath = path.child('template');
  const selected = selectsLabels(spec.selector, template.metadata?.labels, path.child('selector'));
  if (selected === undefined)
    return [invalid(path.child('selector'), printedSelector(spec.selector), 'invalid label selector')];
  return [
    ...(selected ? [] : selectorMismatch(template, templatePath)),
    ...validateTemplate(template, old === undefined ? undefined : (old.template ?? {}), templatePath),
    ...validateRunsForever(template, templatePath, 'ReplicaSet'),
  ];
}
