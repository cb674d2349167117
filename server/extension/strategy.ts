import { equalJson } from '../../api/apply/compare.ts';
import { cloneJson } from '../../api/clone.ts';
import { type FieldErrors, FieldPath, invalid } from '../../api/field-error.ts';
import { goQuote } from '../../api/go-text.ts';
import { isQualifiedName, nameIsDNSSubdomain } from '../../api/names.ts';
import { apiVersionOf, type GroupVersionKind, type KubeObject } from '../../api/object.ts';
import type { Structural } from '../../api/structural/structural.ts';
import { validateCustomResource } from '../../api/structural/validate.ts';
import { validateObjectMeta, validateObjectMetaOnUpdate } from '../../api/validation/object-meta.ts';
import type { ScalePaths } from '../registry/custom-kind.ts';
import { metaOf } from '../registry/object-meta.ts';
import type { Strategy, StrategyContext } from '../registry/strategy.ts';
import { scaleErrors, statusScaleErrors } from './scale-errors.ts';

type CustomObject = KubeObject & Record<string, unknown>;

export interface CustomStrategyOptions {
  readonly resource: string;
  readonly gvk: GroupVersionKind;
  readonly namespaced: boolean;
  readonly status: boolean;
  readonly scale: ScalePaths | undefined;
  structural(): Structural;
}

const standardFinalizers = new Set(['orphan', 'foregroundDeletion', 'kubernetes']);

/** Finalizers without a path in their name are for the system. */
function finalizerWarnings(object: Readonly<KubeObject>, old?: Readonly<KubeObject>): string[] {
  const before = new Set(old?.metadata?.finalizers);
  const added = [...new Set(object.metadata?.finalizers)].filter((name) => !before.has(name)).sort();
  return added.flatMap((name) => {
    const prefix = `metadata.finalizers: ${goQuote(name)}: `;
    const warnings = isQualifiedName(name).map((message) => prefix + message);
    if (name.includes('/') || standardFinalizers.has(name)) return warnings;
    const path = name.includes('.') ? ' including a path (/)' : '';
    return [
      ...warnings,
      `${prefix}prefer a domain-qualified finalizer name${path} to avoid accidental conflicts with other finalizer writers`,
    ];
  });
}

function typeErrors(object: Readonly<KubeObject>, gvk: GroupVersionKind): FieldErrors {
  const errors: FieldErrors = [];
  const apiVersion = apiVersionOf(gvk);
  if (object.kind !== gvk.kind) errors.push(invalid(FieldPath.of('kind'), object.kind ?? '', `must be ${gvk.kind}`));
  if (object.apiVersion !== apiVersion)
    errors.push(invalid(FieldPath.of('apiVersion'), object.apiVersion ?? '', `must be ${apiVersion}`));
  return errors;
}

function withoutMetadata({ metadata: _, ...rest }: Readonly<CustomObject>): object {
  return rest;
}

/** Everything of the stored object but the status and who manages it. */
function keepAllButStatus(object: CustomObject, old: Readonly<CustomObject>): void {
  const { status } = object;
  const { managedFields } = metaOf(object);
  for (const name of Object.keys(object)) delete object[name];
  const { status: _, ...kept } = cloneJson(old);
  Object.assign(object, kept);
  metaOf(object).managedFields = managedFields;
  if (status !== undefined) object['status'] = status;
}

/** What all custom resources do alike, by the schema of one version. */
export function createCustomStrategy(options: CustomStrategyOptions): Strategy<CustomObject> {
  const { gvk, namespaced, scale, structural } = options;
  const rules = { namespaced, validateName: nameIsDNSSubdomain, anyFinalizer: true };
  const path = FieldPath.of();
  const metadataPath = FieldPath.of('metadata');
  // Errors of metadata are the registry's; some of them keep rules from running.
  const before = (object: Readonly<KubeObject>, old?: Readonly<KubeObject>): FieldErrors => {
    if (!structural().root().has.rules) return [];
    return old === undefined
      ? validateObjectMeta(object.metadata, rules, metadataPath)
      : validateObjectMetaOnUpdate(object.metadata ?? {}, old.metadata ?? {}, rules, metadataPath);
  };
  const validateAgain = (
    object: Readonly<CustomObject>,
    old: Readonly<CustomObject>,
    { warn }: StrategyContext,
    statusOnly = false,
  ): FieldErrors => {
    const wrong = typeErrors(object, gvk);
    if (wrong.length > 0) return wrong;
    const warnings: string[] = [];
    const errors = validateCustomResource(object, structural(), path, {
      old,
      statusOnly,
      before: before(object, old),
      scale: statusOnly ? statusScaleErrors(scale, object) : scaleErrors(scale, object),
      warnings,
    });
    // What failed before and fails again is told even when the write is refused.
    for (const text of warnings) warn?.(text);
    return errors;
  };
  return {
    resource: options.resource,
    allowUnconditionalUpdate: false,
    validateName: nameIsDNSSubdomain,
    prepareForCreate(object) {
      if (options.status) delete object['status'];
      metaOf(object).generation = 1;
    },
    prepareForUpdate(object, old) {
      if (options.status) {
        if (old['status'] === undefined) delete object['status'];
        else object['status'] = cloneJson(old['status']);
      }
      if (!equalJson(withoutMetadata(object), withoutMetadata(old)))
        metaOf(object).generation = (old.metadata?.generation ?? 0) + 1;
    },
    validateCreate(object) {
      const wrong = typeErrors(object, gvk);
      if (wrong.length > 0) return wrong;
      return validateCustomResource(object, structural(), path, {
        before: before(object),
        scale: scaleErrors(scale, object),
      });
    },
    validateUpdate: (object, old, context) => validateAgain(object, old, context),
    warningsOnCreate: (object) => finalizerWarnings(object),
    warningsOnUpdate: finalizerWarnings,
    subresources: {
      status: {
        prepareForUpdate: keepAllButStatus,
        validateUpdate: (object, old, context) => validateAgain(object, old, context, true),
      },
    },
  };
}
