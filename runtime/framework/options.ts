import type { Cloud } from './cloud.ts';
import type { Signing } from './signing.ts';

/** What the flags of a controller manager say; names follow kube-controller-manager's. */
export interface ControllerManagerOptions {
  /** PEM, for `kube-root-ca.crt`. */
  readonly rootCA: string;
  readonly clusterCIDR: string;
  readonly serviceClusterIPRange: string;
  readonly allocateNodeCIDRs: boolean;
  readonly nodeCIDRMaskSize: number;
  /** Who makes load balancers: `local` gives Services addresses on this machine, '' leaves them to others. */
  readonly cloudProvider: 'local' | '';
  /** In place of what `cloudProvider` names. */
  readonly cloud?: Cloud;
  /** Of the local ones; one range for each family. */
  readonly loadBalancerRanges: readonly string[];
  readonly nodeMonitorPeriodMs: number;
  readonly nodeMonitorGracePeriodMs: number;
  readonly nodeStartupGracePeriodMs: number;
  readonly terminatedPodGCThreshold: number;
  readonly horizontalPodAutoscalerSyncPeriodMs: number;
  readonly horizontalPodAutoscalerDownscaleStabilizationMs: number;
  readonly horizontalPodAutoscalerTolerance: number;
  readonly horizontalPodAutoscalerCpuInitializationPeriodMs: number;
  readonly horizontalPodAutoscalerInitialReadinessDelayMs: number;
  readonly persistentVolumeClaimBinderSyncPeriodMs: number;
  readonly enableDynamicProvisioning: boolean;
  /** Of upstream's `kubernetes.io/host-path`. */
  readonly enableHostPathProvisioner: boolean;
  /** Of `kubefacade.io/host-path`, for classes that name it. */
  readonly enableBuiltInProvisioner: boolean;
  /** The name of a default class of the built-in provisioner, made where it is missing; '' for none. */
  readonly defaultStorageClass: string;
  /** Certificates and tokens: made from `--cluster-signing-*` and `--service-account-private-key-file`. */
  readonly signing?: Signing;
}

export const defaultOptions: Omit<ControllerManagerOptions, 'rootCA'> = {
  clusterCIDR: '10.244.0.0/16',
  serviceClusterIPRange: '10.96.0.0/16',
  allocateNodeCIDRs: true,
  nodeCIDRMaskSize: 24,
  cloudProvider: 'local',
  loadBalancerRanges: ['127.96.0.0/16'],
  nodeMonitorPeriodMs: 5000,
  nodeMonitorGracePeriodMs: 50_000,
  nodeStartupGracePeriodMs: 60_000,
  terminatedPodGCThreshold: 12_500,
  horizontalPodAutoscalerSyncPeriodMs: 15_000,
  horizontalPodAutoscalerDownscaleStabilizationMs: 300_000,
  horizontalPodAutoscalerTolerance: 0.1,
  horizontalPodAutoscalerCpuInitializationPeriodMs: 300_000,
  horizontalPodAutoscalerInitialReadinessDelayMs: 30_000,
  persistentVolumeClaimBinderSyncPeriodMs: 15_000,
  enableDynamicProvisioning: true,
  enableHostPathProvisioner: false,
  enableBuiltInProvisioner: true,
  defaultStorageClass: '',
};
