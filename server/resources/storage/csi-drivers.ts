import { semanticEqual } from '../../../api/equal.ts';
import { duplicate, type FieldErrors, FieldPath, invalid, notSupported, required } from '../../../api/field-error.ts';
import type { Api } from '../../../api/object.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { immutableErrors } from '../core/field-checks.ts';

export type CSIDriver = Api<'io.k8s.api.storage.v1.CSIDriver'>;
type TokenRequest = Api<'io.k8s.api.storage.v1.TokenRequest'>;

const fsGroupPolicies = ['File', 'None', 'ReadWriteOnceWithFSType'];
const lifecycleModes = ['Persistent', 'Ephemeral'];
const minTokenSeconds = 600;
const maxTokenSeconds = 2 ** 32;
const secretsAdvice =
  'spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes';

function tokenErrors(requests: readonly Readonly<TokenRequest>[], path: FieldPath): FieldErrors {
  const seen = new Set<string>();
  return requests.flatMap(({ audience = '', expirationSeconds: seconds }, i) => {
    if (seen.has(audience)) return [duplicate(path.index(i).child('audience'), audience)];
    seen.add(audience);
    const at = path.index(i).child('expirationSeconds');
    if (seconds === undefined) return [];
    if (seconds < minTokenSeconds) return [invalid(at, seconds, 'may not specify a duration less than 10 minutes')];
    if (seconds > maxTokenSeconds) return [invalid(at, seconds, 'may not specify a duration larger than 2^32 seconds')];
    return [];
  });
}

function specErrors({ spec = {} }: Readonly<CSIDriver>): FieldErrors {
  const path = FieldPath.of('spec');
  const errors: FieldErrors = [];
  // The path is not that of the field, attachRequired: upstream's slip.
  if (spec.attachRequired === undefined) errors.push(required(path.child('attachedRequired')));
  if (spec.podInfoOnMount === undefined) errors.push(required(path.child('podInfoOnMount')));
  if (spec.storageCapacity === undefined) errors.push(required(path.child('storageCapacity')));
  if (spec.fsGroupPolicy !== undefined && !fsGroupPolicies.includes(spec.fsGroupPolicy)) {
    errors.push(notSupported(path.child('fsGroupPolicy'), spec.fsGroupPolicy, fsGroupPolicies));
  }
  errors.push(...tokenErrors(spec.tokenRequests ?? [], path.child('tokenRequests')));
  for (const mode of spec.volumeLifecycleModes ?? []) {
    if (!lifecycleModes.includes(mode)) {
      errors.push(notSupported(path.child('volumeLifecycleModes'), mode, lifecycleModes));
    }
  }
  if (spec.seLinuxMount === undefined) errors.push(required(path.child('seLinuxMount')));
  const period = spec.nodeAllocatableUpdatePeriodSeconds;
  if (period !== undefined && period < 10) {
    const at = path.child('nodeAllocatableUpdatePeriodSeconds');
    errors.push(invalid(at, period, 'must be greater than or equal to 10 seconds'));
  }
  const inSecrets = spec.serviceAccountTokenInSecrets;
  if (inSecrets !== undefined && !spec.tokenRequests?.length) {
    const why = 'serviceAccountTokenInSecrets is set but no tokenRequests are specified';
    errors.push(invalid(path.child('serviceAccountTokenInSecrets'), inSecrets, why));
  }
  return errors;
}

function warnings({ spec }: Readonly<CSIDriver>): string[] {
  return spec?.tokenRequests?.length && spec.serviceAccountTokenInSecrets === undefined ? [secretsAdvice] : [];
}

/** A field of an alpha feature that is off. */
function dropScaling(driver: CSIDriver, old?: Readonly<CSIDriver>): void {
  const field = 'preventPodSchedulingIfMissing';
  const [spec, oldSpec] = [driver.spec, old?.spec] as (Record<string, unknown> | undefined)[];
  if (oldSpec?.[field] === undefined) delete spec?.[field];
}

export const csiDriverStrategy: Strategy<CSIDriver> = {
  resource: 'csidrivers.storage.k8s.io',
  allowUnconditionalUpdate: false,
  applyDefaults(driver) {
    driver.spec ??= {};
    const { spec } = driver;
    spec.attachRequired ??= true;
    spec.podInfoOnMount ??= false;
    spec.storageCapacity ??= false;
    spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
    if (!spec.volumeLifecycleModes?.length) spec.volumeLifecycleModes = ['Persistent'];
    spec.requiresRepublish ??= false;
    spec.seLinuxMount ??= false;
  },
  prepareForCreate: (driver) => dropScaling(driver),
  validateCreate: specErrors,
  warningsOnCreate: warnings,
  prepareForUpdate(driver, old) {
    dropScaling(driver, old);
    // Counted from 0: creation does not set it.
    if (!semanticEqual(driver.spec, old.spec)) {
      driver.metadata ??= {};
      driver.metadata.generation = (old.metadata?.generation ?? 0) + 1;
    }
  },
  validateUpdate(driver, old) {
    const [spec, oldSpec] = [driver.spec ?? {}, old.spec ?? {}];
    const path = FieldPath.of('spec');
    return [
      ...specErrors(driver),
      ...immutableErrors(spec.attachRequired, oldSpec.attachRequired, path.child('attachedRequired')),
      ...immutableErrors(spec.volumeLifecycleModes, oldSpec.volumeLifecycleModes, path.child('volumeLifecycleModes')),
    ];
  },
  warningsOnUpdate: (driver, old) =>
    semanticEqual(driver.spec?.tokenRequests, old.spec?.tokenRequests) ? [] : warnings(driver),
};
