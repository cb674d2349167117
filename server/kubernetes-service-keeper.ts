import type { Api } from '../api/object.ts';
import type { BootstrapFields } from './bootstrap/bootstrap-managers.ts';
import {
  type KubernetesServiceOptions,
  kubernetesServiceIP,
  kubernetesServiceObjects,
} from './bootstrap/kubernetes-service.ts';
import type { RegistryDeps } from './registry/context.ts';
import { keyOf } from './registry/resource.ts';
import type { ResourceTable } from './registry/resources.ts';
import { storeObjects } from './store-bootstrap.ts';

type IPAddress = Api<'io.k8s.api.networking.v1.IPAddress'>;

const intervalMs = 10_000;
const ipAddresses = 'ipaddresses.networking.k8s.io';

export interface Keeper {
  close(): void;
}

export interface KeeperDeps {
  readonly registry: RegistryDeps;
  readonly resources: ResourceTable;
  readonly fields: BootstrapFields;
}

/** The Service `kubernetes`, its endpoints and its range come back when somebody has deleted them. Upstream: every ten seconds. */
export function keepKubernetesService(
  options: KubernetesServiceOptions,
  { registry, resources, fields }: KeeperDeps,
): Keeper {
  let isClosed = false;
  const isTaken = (): boolean => {
    const stored = resources.stored(ipAddresses);
    const entry = stored?.cache.entries.get(keyOf(stored, '', kubernetesServiceIP(options.serviceClusterIPRange)));
    if (stored === undefined || entry === undefined) return false;
    const { spec } = stored.cache.objectOf(entry) as IPAddress;
    return spec?.parentRef?.namespace !== 'default' || spec.parentRef.name !== 'kubernetes';
  };
  const check = async (): Promise<void> => {
    try {
      // Another Service may hold the address in the meantime: it has to go first.
      if (!isTaken())
        await storeObjects(kubernetesServiceObjects(options, registry.clock.now()), registry, resources, fields);
    } catch {
      // Whoever was faster made it, or the store does not answer: the next time tells.
    }
    if (!isClosed) timer = registry.clock.after(intervalMs, () => void check());
  };
  let timer = registry.clock.after(intervalMs, () => void check());
  return {
    close: () => {
      isClosed = true;
      timer.cancel();
    },
  };
}
