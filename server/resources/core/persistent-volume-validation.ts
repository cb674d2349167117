import { semanticEqual } from '../../../api/equal.ts';
import { type FieldErrors, FieldPath, forbidden, invalid, notSupported, required } from '../../../api/field-error.ts';
import { nameIsDNSSubdomain } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import {
  basicResourceErrors,
  fieldIsImmutable,
  immutableErrors,
  invalidEach,
  metadataErrorsAgain,
  positiveQuantityErrors,
  sortedMap,
} from './field-checks.ts';
import { internalForm } from './internal-form.ts';
import { hasInvalidValues, nodeSelectorErrors } from './node-selector.ts';
import {
  internalVolumeSource,
  isSameForm,
  volumeNodeAffinityShape,
  volumeSourceKeys,
} from './persistent-volume-internal.ts';
import { type VolumeSpec, volumeSourceErrors } from './persistent-volume-sources.ts';
import { jsonDiff } from './pod-diff.ts';
import { amountsOf } from './resource-names.ts';

export type PersistentVolume = Api<'io.k8s.api.core.v1.PersistentVolume'>;

export const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
export const volumeModes = ['Block', 'Filesystem'];
const reclaimPolicies = ['Delete', 'Recycle', 'Retain'];
export const mountOptions = 'volume.beta.kubernetes.io/mount-options';
/** Sources that could be mounted with options before those had a field. */
const mountable: readonly (keyof VolumeSpec)[] = [
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'glusterfs',
  'nfs',
  'rbd',
  'quobyte',
  'iscsi',
  'cinder',
  'cephfs',
  'azureFile',
  'vsphereVolume',
  'azureDisk',
  'photonPersistentDisk',
];
const betaLabels: Readonly<Record<string, string>> = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'beta.kubernetes.io/os': 'kubernetes.io/os',
  'beta.kubernetes.io/arch': 'kubernetes.io/arch',
  'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type',
};

export function accessModeErrors(modes: readonly string[], path: FieldPath): FieldErrors {
  const errors = modes
    .filter((mode) => !accessModes.includes(mode))
    .map((mode) => notSupported(path, mode, accessModes));
  const others = modes.filter((mode) => mode !== 'ReadWriteOncePod' && accessModes.includes(mode));
  if (modes.includes('ReadWriteOncePod') && others.length > 0) {
    errors.push(forbidden(path, 'may not use ReadWriteOncePod with other access modes'));
  }
  return errors;
}

function capacityErrors(spec: Readonly<VolumeSpec>, path: FieldPath): FieldErrors {
  const capacity = amountsOf(spec.capacity);
  const names = Object.keys(capacity);
  const errors = names.length === 0 ? [required(path)] : [];
  if (!names.includes('storage') || names.length > 1) {
    errors.push(notSupported(path, sortedMap(spec.capacity), ['storage']));
  }
  for (const [name, quantity] of Object.entries(capacity)) {
    errors.push(...basicResourceErrors(quantity, path.key(name)), ...positiveQuantityErrors(quantity, path.key(name)));
  }
  return errors;
}

/** Inline volumes are specs inside VolumeAttachments: migrated from in-tree drivers, so they must be CSI ones. */
export interface VolumeContext {
  readonly name: string;
  readonly isInline: boolean;
  readonly allowInvalidLabelValues: boolean;
}

function nodeAffinityErrors(spec: Readonly<VolumeSpec>, path: FieldPath, context: VolumeContext): FieldErrors {
  if (spec.nodeAffinity === undefined) return [];
  if (context.isInline) return [forbidden(path, 'may not be specified in the context of inline volumes')];
  const selector = spec.nodeAffinity.required;
  if (selector === undefined) return [required(path.child('required'), 'must specify required node constraints')];
  return nodeSelectorErrors(selector, context.allowInvalidLabelValues, path.child('required'));
}

function inlineErrors(spec: Readonly<VolumeSpec>, path: FieldPath): FieldErrors {
  const why = 'may not be specified in the context of inline volumes';
  const errors: FieldErrors = [];
  if (spec.claimRef !== undefined) errors.push(forbidden(path.child('claimRef'), why));
  if (Object.keys(spec.capacity ?? {}).length > 0) errors.push(forbidden(path.child('capacity'), why));
  if (spec.csi === undefined)
    errors.push(required(path.child('csi'), 'has to be specified in the context of inline volumes'));
  return errors;
}

function reclaimErrors(policy: string, path: FieldPath, isInline: boolean): FieldErrors {
  if (policy === '') return [];
  if (!isInline) return reclaimPolicies.includes(policy) ? [] : [notSupported(path, policy, reclaimPolicies)];
  return policy === 'Retain' ? [] : [forbidden(path, 'may only be Retain in the context of inline volumes')];
}

function isRootPath(path: string | undefined): boolean {
  return path !== undefined && /^\/(\.?\/)*\.?$/.test(path);
}

function classErrors(spec: Readonly<VolumeSpec>, path: FieldPath, isInline: boolean): FieldErrors {
  const errors: FieldErrors = [];
  const { storageClassName = '', volumeMode, volumeAttributesClassName } = spec;
  if (storageClassName !== '') {
    const at = path.child('storageClassName');
    if (isInline) errors.push(forbidden(at, 'may not be specified in the context of inline volumes'));
    else errors.push(...invalidEach(at, storageClassName, nameIsDNSSubdomain(storageClassName, false)));
  }
  if (volumeMode !== undefined) {
    const at = path.child('volumeMode');
    if (!isInline)
      errors.push(...(volumeModes.includes(volumeMode) ? [] : [notSupported(at, volumeMode, volumeModes)]));
    else if (volumeMode !== 'Filesystem') {
      errors.push(forbidden(at, 'may not specify volumeMode other than Filesystem in the context of inline volumes'));
    }
  }
  if (volumeAttributesClassName === undefined || isInline) return errors;
  const at = path.child('volumeAttributesClassName');
  if (volumeAttributesClassName === '') errors.push(required(at, 'an empty string is disallowed'));
  else errors.push(...invalidEach(at, volumeAttributesClassName, nameIsDNSSubdomain(volumeAttributesClassName, false)));
  if (spec.csi === undefined) {
    errors.push(required(path.child('csi'), 'has to be specified when using volumeAttributesClassName'));
  }
  return errors;
}

export function volumeSpecErrors(spec: Readonly<VolumeSpec>, path: FieldPath, context: VolumeContext): FieldErrors {
  const { isInline } = context;
  const policy = spec.persistentVolumeReclaimPolicy ?? '';
  const errors = isInline ? inlineErrors(spec, path) : [];
  if (!spec.accessModes?.length) errors.push(required(path.child('accessModes')));
  errors.push(...accessModeErrors(spec.accessModes ?? [], path.child('accessModes')));
  if (!isInline) errors.push(...capacityErrors(spec, path.child('capacity')));
  errors.push(...reclaimErrors(policy, path.child('persistentVolumeReclaimPolicy'), isInline));
  errors.push(...nodeAffinityErrors(spec, path.child('nodeAffinity'), context));
  errors.push(...volumeSourceErrors(spec, context.name, path));
  if (policy === 'Recycle' && isRootPath(spec.hostPath?.path)) {
    const why = "may not be 'recycle' for a hostPath mount of '/'";
    errors.push(forbidden(path.child('persistentVolumeReclaimPolicy'), why));
  }
  return [...errors, ...classErrors(spec, path, isInline)];
}

export function volumeErrors(volume: Readonly<PersistentVolume>, old?: Readonly<PersistentVolume>): FieldErrors {
  return volumeSpecErrors(volume.spec ?? {}, FieldPath.of('spec'), {
    name: volume.metadata?.name ?? '',
    isInline: false,
    allowInvalidLabelValues: hasInvalidValues(old?.spec?.nodeAffinity?.required),
  });
}

export function mountOptionErrors({ metadata, spec }: Readonly<PersistentVolume>): FieldErrors {
  if (metadata?.annotations?.[mountOptions] === undefined || mountable.some((key) => spec?.[key] !== undefined))
    return [];
  const path = FieldPath.of('metadata', 'annotations', mountOptions);
  return [forbidden(path, 'may not specify mount options for this volume type')];
}

function sourceOf(spec: Readonly<VolumeSpec> | undefined): Record<string, unknown> {
  return Object.fromEntries(Object.entries(spec ?? {}).filter(([key]) => volumeSourceKeys.includes(key)));
}

/** A secret for expansion may be added later; nothing else of the source may change. */
function sourceChangeErrors(
  spec: Readonly<VolumeSpec> | undefined,
  old: Readonly<VolumeSpec> | undefined,
): FieldErrors {
  const before = sourceOf(old);
  let after = sourceOf(spec);
  if (spec?.csi !== undefined && old?.csi !== undefined && old.csi.controllerExpandSecretRef === undefined) {
    const { controllerExpandSecretRef: _added, ...csi } = spec.csi;
    after = { ...after, csi };
  }
  const [shownBefore, shownAfter] = [internalVolumeSource(before), internalVolumeSource(after)];
  if (isSameForm(shownBefore, shownAfter)) return [];
  const why = `spec.persistentvolumesource is immutable after creation\n${jsonDiff(shownBefore, shownAfter)}`;
  return [forbidden(FieldPath.of('spec', 'persistentvolumesource'), why)];
}

type Affinity = VolumeSpec['nodeAffinity'];

/** Beta labels of the old version count as their successors where the new one has these. */
function isSameAffinity(affinity: Readonly<Affinity>, old: Readonly<Affinity>): boolean {
  const renamed = structuredClone(old);
  for (const [i, term] of (renamed?.required?.nodeSelectorTerms ?? []).entries()) {
    for (const list of ['matchExpressions', 'matchFields'] as const) {
      for (const [j, requirement] of (term[list] ?? []).entries()) {
        const key = affinity?.required?.nodeSelectorTerms?.[i]?.[list]?.[j]?.key;
        if (key !== undefined && betaLabels[requirement.key ?? ''] === key) requirement.key = key;
      }
    }
  }
  return semanticEqual(affinity, renamed);
}

/** What a change of the volume itself may not do. */
export function volumeUpdateErrors(volume: Readonly<PersistentVolume>, old: Readonly<PersistentVolume>): FieldErrors {
  const [spec, oldSpec] = [volume.spec, old.spec];
  const errors = [
    ...metadataErrorsAgain(volume, 'cluster'),
    ...volumeErrors(volume, old),
    ...mountOptionErrors(volume),
    ...volumeErrors(volume, old),
    ...sourceChangeErrors(spec, oldSpec),
    ...immutableErrors(spec?.volumeMode, oldSpec?.volumeMode, FieldPath.of('volumeMode')),
  ];
  if (oldSpec?.nodeAffinity !== undefined && !isSameAffinity(spec?.nodeAffinity, oldSpec.nodeAffinity)) {
    const shown = spec?.nodeAffinity && internalForm(spec.nodeAffinity, volumeNodeAffinityShape);
    const why = `${fieldIsImmutable}, except for updating from beta label to GA`;
    errors.push(invalid(FieldPath.of('nodeAffinity'), shown, why));
  }
  if (oldSpec?.volumeAttributesClassName !== undefined && spec?.volumeAttributesClassName === undefined) {
    const why = 'update from non-nil value to nil is forbidden';
    errors.push(forbidden(FieldPath.of('spec', 'volumeAttributesClassName'), why));
  }
  return errors;
}
