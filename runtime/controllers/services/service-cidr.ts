import { toTime } from '../../../api/clock.ts';
import { contains, type IPRange, parseCIDR, parseIP } from '../../../api/ip.ts';
import type { Api } from '../../../api/object.ts';
import { keyOf } from '../../client/object-key.ts';
import { type ControllerDefinition, startReconciling } from '../../framework/controller.ts';
import { referenceTo } from '../../framework/event-recorder.ts';
import { unlessMissing } from '../../framework/status-cause.ts';
import { WorkQueue } from '../../framework/work-queue.ts';

type ServiceCIDR = Api<'io.k8s.api.networking.v1.ServiceCIDR'>;
type IPAddress = Api<'io.k8s.api.networking.v1.IPAddress'>;

const controllerName = 'service-cidr-controller';
const serviceCIDRs = { group: 'networking.k8s.io', version: 'v1', resource: 'servicecidrs' } as const;
const ipAddresses = { group: 'networking.k8s.io', version: 'v1', resource: 'ipaddresses' } as const;
const finalizer = 'networking.k8s.io/service-cidr-finalizer';
/** So long those who give out addresses may not have heard of a deletion. */
const deletionGraceMs = 10_000;

function rangesOf({ spec }: Readonly<ServiceCIDR>): IPRange[] {
  return (spec?.cidrs ?? []).map((cidr) => parseCIDR(cidr)).filter((range) => range !== undefined);
}

function isWithin(inner: IPRange, outer: IPRange): boolean {
  return (
    inner.family === outer.family &&
    inner.prefix >= outer.prefix &&
    contains(outer, { family: inner.family, bits: inner.base })
  );
}

function overlap(a: IPRange, b: IPRange): boolean {
  return isWithin(a, b) || isWithin(b, a);
}

/** The ranges that contain an address which the server gave to a Service. */
function holdersOf({ metadata }: Readonly<IPAddress>, all: readonly Readonly<ServiceCIDR>[]): Readonly<ServiceCIDR>[] {
  const address = parseIP(metadata?.name ?? '');
  if (address === undefined || metadata?.labels?.['ipaddress.kubernetes.io/managed-by'] !== 'ipallocator.k8s.io')
    return [];
  return all.filter((cidr) =>
    rangesOf(cidr).some((range) => range.family === address.family && contains(range, address)),
  );
}

/** A range can go when another one holds all of it, or when no address is in it alone. */
export function canGo(
  cidr: Readonly<ServiceCIDR>,
  all: readonly Readonly<ServiceCIDR>[],
  addresses: readonly Readonly<IPAddress>[],
): boolean {
  const others = all.filter(({ metadata }) => metadata?.name !== cidr.metadata?.name);
  const hasParents = rangesOf(cidr).every((range) =>
    others.some((other) => rangesOf(other).some((outer) => isWithin(range, outer))),
  );
  if (hasParents) return true;
  return !addresses.some((address) => {
    const holders = holdersOf(address, all);
    return holders.length === 1 && holders[0]?.metadata?.name === cidr.metadata?.name;
  });
}

/** Says that ranges for Services are ready, and keeps them as long as they are in use. */
export const serviceCIDRController: ControllerDefinition = {
  name: controllerName,
  start: (context, signal) => {
    const { client, clock } = context;
    const informers = {
      cidrs: context.informers.of<ServiceCIDR>(serviceCIDRs),
      addresses: context.informers.of<IPAddress>(ipAddresses),
    };
    const events = context.recorder(controllerName);
    const queue = new WorkQueue(clock);
    informers.cidrs.subscribe({
      added: (cidr) => {
        queue.add(keyOf(cidr));
        for (const other of informers.cidrs.list())
          if (rangesOf(other).some((a) => rangesOf(cidr).some((b) => overlap(a, b)))) queue.add(keyOf(other));
      },
      updated: (cidr) => queue.add(keyOf(cidr)),
    });
    // Addresses matter to a range that is being deleted.
    const onAddress = (address: Readonly<IPAddress>): void => {
      const deleting = informers.cidrs.list().filter(({ metadata }) => metadata?.deletionTimestamp !== undefined);
      for (const cidr of holdersOf(address, deleting)) queue.add(keyOf(cidr));
    };
    informers.addresses.subscribe({ added: onAddress, deleted: onAddress });

    const setFinalizer = async (cidr: Readonly<ServiceCIDR>, isWanted: boolean): Promise<void> => {
      const { name = '', finalizers = [] } = cidr.metadata ?? {};
      if (finalizers.includes(finalizer) === isWanted) return;
      const field = isWanted ? 'finalizers' : '$deleteFromPrimitiveList/finalizers';
      const target = {
        resource: serviceCIDRs,
        namespace: '',
        name,
        type: 'application/strategic-merge-patch+json',
      } as const;
      await unlessMissing(client.patch<ServiceCIDR>(target, { metadata: { [field]: [finalizer] } }));
    };
    const setReady = async (
      cidr: Readonly<ServiceCIDR>,
      status: string,
      reason: string,
      message: string,
    ): Promise<void> => {
      const { name = '' } = cidr.metadata ?? {};
      const current = cidr.status?.conditions?.find(({ type }) => type === 'Ready');
      if (current?.status === status && (current.reason ?? '') === reason && current.message === message) return;
      const condition = { type: 'Ready', status, reason, message, lastTransitionTime: toTime(clock.now()) };
      const target = { resource: serviceCIDRs, namespace: '', name, type: 'application/apply-patch+yaml' } as const;
      const body = {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'ServiceCIDR',
        metadata: { name },
        status: { conditions: [condition] },
      };
      await client.patch<ServiceCIDR>(target, body, {
        subresource: 'status',
        fieldManager: controllerName,
        force: true,
      });
    };

    const reconcile = async (key: string): Promise<void> => {
      const cidr = informers.cidrs.get(key);
      if (cidr === undefined) return;
      const { deletionTimestamp } = cidr.metadata ?? {};
      if (deletionTimestamp !== undefined) {
        if (!canGo(cidr, informers.cidrs.list(), informers.addresses.list())) {
          const message =
            'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR';
          await setReady(cidr, 'False', 'Terminating', message);
          return;
        }
        const waitMs = Date.parse(deletionTimestamp) + deletionGraceMs - clock.now();
        if (waitMs > 0) queue.addAfter(key, waitMs);
        else await setFinalizer(cidr, false);
        return;
      }
      await setFinalizer(cidr, true);
      try {
        await setReady(cidr, 'True', '', 'Kubernetes Service CIDR is ready');
      } catch (error) {
        const reference = referenceTo(cidr, { group: 'networking.k8s.io', version: 'v1', kind: 'ServiceCIDR' });
        const message = 'The ServiceCIDR Status can not be set to Ready=True';
        events.record(reference, 'Warning', 'KubernetesServiceCIDRError', message);
        throw error;
      }
    };
    return startReconciling(
      { name: controllerName, workers: 5, informers: Object.values(informers), queue, reconcile },
      context,
      signal,
    );
  },
};
