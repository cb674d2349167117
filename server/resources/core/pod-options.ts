/** What the validation of a changed object tolerates because the old one already had it. Absent means no. */
export interface PodValidationOptions {
  /** The spec is a pod's own, not a template's. */
  readonly isPod?: boolean;
  readonly allowInvalidPodDeletionCost?: boolean;
  readonly allowIndivisibleHugePages?: boolean;
  readonly allowInvalidLabelValueInSelector?: boolean;
  readonly allowInvalidLabelValueInNodeAffinity?: boolean;
  readonly allowInvalidTopologySpreadSelector?: boolean;
  readonly oldViolatesMatchLabelKeys?: boolean;
  readonly allowNonLocalProjectedTokenPath?: boolean;
  readonly allowNamespacedSysctlsOnHost?: boolean;
  readonly allowAnySELinuxChangePolicy?: boolean;
  readonly allowTolerationComparison?: boolean;
  readonly allowHostNetworkWithUserNamespaces?: boolean;
  readonly allowVolumeDevicesWithUserNamespaces?: boolean;
  readonly allowRestartContainerOnInitContainers?: boolean;
}
