import { type FieldErrors, FieldPath } from '../../../api/field-error.ts';
import { hasInvalidTermSelector, validateNodeSelector } from './affinity.ts';
import { hasInvalidSpreadKeys, hasInvalidSpreadSelector } from './affinity-spread.ts';
import { hasValidDeletionCost } from './pod-annotations.ts';
import { allContainers } from './pod-containers.ts';
import type { PodValidationOptions } from './pod-options.ts';
import type { PodSpec } from './pod-types.ts';
import { hasIndivisibleHugePages } from './resource-requirements.ts';
import { quantities } from './resource-requirements-list.ts';
import { hostNamespaceOfSysctl } from './security-context-pod.ts';
import { validateNonReservedPath } from './volume-paths.ts';

/** What may stay in a changed spec because the old one had it. */
export function podOptionsFrom(
  old: Readonly<PodSpec>,
  oldAnnotations: Readonly<Record<string, string>> | undefined,
  isPod: boolean,
): PodValidationOptions {
  const { affinity, topologySpreadConstraints: spread = [] } = old;
  const requiredNodes = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const containers = allContainers(old);
  return {
    isPod,
    allowInvalidPodDeletionCost: !hasValidDeletionCost(oldAnnotations),
    allowIndivisibleHugePages:
      hasIndivisibleHugePages(quantities(old.overhead)) ||
      containers.some(
        ({ resources }) =>
          hasIndivisibleHugePages(quantities(resources?.limits)) ||
          hasIndivisibleHugePages(quantities(resources?.requests)),
      ),
    allowInvalidLabelValueInSelector:
      hasInvalidTermSelector(affinity?.podAffinity) || hasInvalidTermSelector(affinity?.podAntiAffinity),
    allowInvalidLabelValueInNodeAffinity:
      requiredNodes !== undefined && validateNodeSelector(requiredNodes, FieldPath.of('old')).length > 0,
    allowInvalidTopologySpreadSelector: hasInvalidSpreadSelector(spread),
    oldViolatesMatchLabelKeys: hasInvalidSpreadKeys(spread),
    allowNonLocalProjectedTokenPath: hasNonLocalTokenPath(old),
    allowNamespacedSysctlsOnHost: (old.securityContext?.sysctls ?? []).some(
      ({ name = '' }) => hostNamespaceOfSysctl(name, old) !== undefined,
    ),
    allowAnySELinuxChangePolicy: old.securityContext?.seLinuxChangePolicy !== undefined,
    allowTolerationComparison: (old.tolerations ?? []).some(({ operator }) => operator === 'Lt' || operator === 'Gt'),
    allowHostNetworkWithUserNamespaces: old.hostNetwork === true && old.hostUsers === false,
    allowVolumeDevicesWithUserNamespaces:
      old.hostUsers === false && containers.some(({ volumeDevices = [] }) => volumeDevices.length > 0),
    allowRestartContainerOnInitContainers: (old.initContainers ?? []).some(
      ({ restartPolicy, resizePolicy = [] }) =>
        restartPolicy !== 'Always' && resizePolicy.some((policy) => policy.restartPolicy === 'RestartContainer'),
    ),
  };
}

function hasNonLocalTokenPath(spec: Readonly<PodSpec>): boolean {
  const errors: FieldErrors = [];
  for (const { projected } of spec.volumes ?? []) {
    for (const { serviceAccountToken: token } of projected?.sources ?? []) {
      if (token !== undefined) validateNonReservedPath(token.path ?? '', FieldPath.of('path'), errors);
    }
  }
  return errors.length > 0;
}
