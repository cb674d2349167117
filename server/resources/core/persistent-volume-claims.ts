import { FieldPath } from '../../../api/field-error.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { isWholeQuantity } from './field-checks.ts';
import {
  betaStorageClass,
  type ClaimSpec,
  claimErrors,
  claimStatusErrors,
  claimUpdateErrors,
  type PersistentVolumeClaim,
} from './persistent-volume-claim-validation.ts';
import { amountsOf } from './resource-names.ts';
import { defaultResourceList } from './resource-requirements-defaults.ts';

export function defaultClaimSpec(spec: ClaimSpec): void {
  spec.volumeMode ??= 'Filesystem';
  for (const list of [spec.resources?.limits, spec.resources?.requests]) {
    if (list !== undefined) defaultResourceList(list as Record<string, string>);
  }
}

function hasDataSource(spec: Readonly<ClaimSpec> | undefined): boolean {
  return spec?.dataSource !== undefined || spec?.dataSourceRef !== undefined;
}

/** Sources in other namespaces are an alpha feature, and `dataSource` names only what it always could: others are dropped. */
function dropDataSources(spec: ClaimSpec, old?: Readonly<ClaimSpec>): void {
  if (spec.dataSourceRef?.namespace && old?.dataSourceRef === undefined) delete spec.dataSourceRef;
  if (hasDataSource(old) || spec.dataSourceRef !== undefined || spec.dataSource === undefined) return;
  const { kind, apiGroup = '' } = spec.dataSource;
  const isKnown =
    (kind === 'PersistentVolumeClaim' && apiGroup === '') ||
    (kind === 'VolumeSnapshot' && apiGroup === 'snapshot.storage.k8s.io');
  if (!isKnown) delete spec.dataSource;
}

/** `dataSource` is the older name of `dataSourceRef`: each fills in the other. */
function joinDataSources(spec: ClaimSpec): void {
  const { dataSource, dataSourceRef } = spec;
  if (dataSource !== undefined && dataSourceRef === undefined) {
    spec.dataSourceRef = { ...dataSource };
  } else if (dataSourceRef !== undefined && dataSource === undefined && !dataSourceRef.namespace) {
    const { namespace: _none, ...local } = dataSourceRef;
    spec.dataSource = local;
  }
}

function warnings({ metadata, spec }: Readonly<PersistentVolumeClaim>): string[] {
  const result: string[] = [];
  if (metadata?.annotations?.[betaStorageClass] !== undefined) {
    const advice = 'deprecated since v1.8; use "storageClassName" attribute instead';
    result.push(`metadata.annotations[${betaStorageClass}]: ${advice}`);
  }
  return spec === undefined ? result : [...result, ...claimSpecWarnings(spec, FieldPath.of('spec'))];
}

/** Claims, and templates of claims. */
export function claimSpecWarnings(spec: Readonly<ClaimSpec>, path: FieldPath): string[] {
  return (['requests', 'limits'] as const).flatMap((list) => {
    const storage = amountsOf(spec.resources?.[list])['storage'];
    if (storage === undefined || isWholeQuantity(storage)) return [];
    const at = path.child('resources', list).key('storage');
    return [`${at}: fractional byte value ${JSON.stringify(storage)} is invalid, must be an integer`];
  });
}

export const persistentVolumeClaimStrategy: Strategy<PersistentVolumeClaim> = {
  resource: 'persistentvolumeclaims',
  applyDefaults(claim) {
    claim.status = { ...claim.status, phase: claim.status?.phase || 'Pending' };
    claim.spec ??= {};
    defaultClaimSpec(claim.spec);
    for (const list of [claim.status.capacity, claim.status.allocatedResources]) {
      if (list !== undefined) defaultResourceList(list as Record<string, string>);
    }
  },
  // The empty status prints with the phase that reading it again defaults.
  prepareForCreate(claim) {
    claim.status = { phase: 'Pending' };
    claim.spec ??= {};
    dropDataSources(claim.spec);
    joinDataSources(claim.spec);
  },
  validateCreate: claimErrors,
  warningsOnCreate: warnings,
  prepareForUpdate(claim, old) {
    if (old.status !== undefined) claim.status = old.status;
    claim.spec ??= {};
    dropDataSources(claim.spec, old.spec);
    joinDataSources(claim.spec);
  },
  validateUpdate(claim, old) {
    const spec = { ...old.spec };
    joinDataSources(spec);
    return claimUpdateErrors(claim, { ...old, spec });
  },
  warningsOnUpdate: warnings,
  subresources: {
    status: {
      prepareForUpdate(claim, old) {
        if (old.spec !== undefined) claim.spec = old.spec;
      },
      validateUpdate: claimStatusErrors,
    },
  },
};
