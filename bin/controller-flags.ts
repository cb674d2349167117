import type { ControllerManagerOptions } from '../runtime/framework/options.ts';

type Options = Partial<ControllerManagerOptions>;

/** How texts of flags are read; each throws UsageError. */
export interface FlagReaders {
  boolean(flag: string, text: string): boolean;
  duration(flag: string, text: string): number;
  number(flag: string, text: string): number;
}

type Reader = (read: FlagReaders, flag: string, text: string) => Options;

function boolean(set: (value: boolean) => Options): Reader {
  return (read, flag, text) => set(read.boolean(flag, text));
}

function duration(set: (value: number) => Options): Reader {
  return (read, flag, text) => set(read.duration(flag, text));
}

/** Flags of single controllers, by kube-controller-manager's names; `default-storage-class` is ours. */
const readers: Readonly<Record<string, Reader>> = {
  'enable-dynamic-provisioning': boolean((enableDynamicProvisioning) => ({ enableDynamicProvisioning })),
  'enable-hostpath-provisioner': boolean((enableHostPathProvisioner) => ({ enableHostPathProvisioner })),
  'default-storage-class': (_read, _flag, defaultStorageClass) => ({ defaultStorageClass }),
  'pvclaimbinder-sync-period': duration((ms) => ({ persistentVolumeClaimBinderSyncPeriodMs: ms })),
  'horizontal-pod-autoscaler-sync-period': duration((ms) => ({ horizontalPodAutoscalerSyncPeriodMs: ms })),
  'horizontal-pod-autoscaler-downscale-stabilization': duration((ms) => ({
    horizontalPodAutoscalerDownscaleStabilizationMs: ms,
  })),
  'horizontal-pod-autoscaler-cpu-initialization-period': duration((ms) => ({
    horizontalPodAutoscalerCpuInitializationPeriodMs: ms,
  })),
  'horizontal-pod-autoscaler-initial-readiness-delay': duration((ms) => ({
    horizontalPodAutoscalerInitialReadinessDelayMs: ms,
  })),
  'horizontal-pod-autoscaler-tolerance': (read, flag, text) => ({
    horizontalPodAutoscalerTolerance: read.number(flag, text),
  }),
};

export const controllerFlags: readonly string[] = Object.keys(readers);

/** What the flags given say; the others keep their defaults. */
export function controllerOptions(textOf: (flag: string) => string | undefined, read: FlagReaders): Options {
  const given = Object.entries(readers).map(([flag, reader]) => {
    const text = textOf(flag);
    return text === undefined ? {} : reader(read, flag, text);
  });
  return Object.assign({}, ...given);
}
