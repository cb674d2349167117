import { parseQuantity, type Quantity } from '../../../api/quantity.ts';
import { podResources } from '../pod-resources.ts';
import type { Container, Pod } from '../pod-runtime.ts';
import type { HostedPod } from '../server/kubelet-host.ts';
import type { StorageUsage } from './storage-usage.ts';

const storage = 'ephemeral-storage';

function limitOf({ resources }: Container): string | undefined {
  return resources?.limits?.[storage];
}

/** Whether a pod may write too much: of others nothing is measured. */
export function hasStorageLimit({ spec }: Readonly<Pod>): boolean {
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  return (
    containers.some((container) => limitOf(container) !== undefined) ||
    (spec?.volumes ?? []).some(({ emptyDir }) => emptyDir?.sizeLimit !== undefined)
  );
}

/** What a pod has written too much of, in the words of its end; undefined: nothing. */
export function storageExcess(hosted: HostedPod, usage: StorageUsage): string | undefined {
  return volumeExcess(hosted.pod, usage) ?? podExcess(hosted, usage) ?? containerExcess(hosted.pod, usage);
}

function volumeExcess({ spec }: Readonly<Pod>, { volumes }: StorageUsage): string | undefined {
  for (const { name = '', emptyDir } of spec?.volumes ?? []) {
    const limit = quantityOf(emptyDir?.sizeLimit);
    if (limit === undefined || limit.sign() !== 1 || !isOver(volumes.get(name), limit)) continue;
    return `Usage of EmptyDir volume "${name}" exceeds the limit "${limit}". `;
  }
  return undefined;
}

function podExcess(hosted: HostedPod, { total }: StorageUsage): string | undefined {
  const records = hosted.containers().filter(({ kind }) => kind !== 'ephemeral');
  const { limits } = podResources(hosted.pod.spec ?? { containers: [] }, ({ spec }) => spec.resources, records);
  const limit = quantityOf(limits?.[storage]);
  if (limit === undefined || !isOver(total, limit)) return undefined;
  return `Pod ephemeral local storage usage exceeds the total limit of containers ${limit}. `;
}

function containerExcess({ spec }: Readonly<Pod>, { containers }: StorageUsage): string | undefined {
  for (const container of spec?.containers ?? []) {
    const limit = quantityOf(limitOf(container));
    const { name = '' } = container;
    if (limit === undefined || limit.isZero() || !isOver(containers.get(name), limit)) continue;
    return `Container ${name} exceeded its local ephemeral storage limit "${limit}". `;
  }
  return undefined;
}

function quantityOf(text: string | undefined): Quantity | undefined {
  return text === undefined ? undefined : parseQuantity(text);
}

function isOver(bytes: number | undefined, limit: Quantity): boolean {
  return bytes !== undefined && BigInt(Math.ceil(bytes)) > limit.value();
}
