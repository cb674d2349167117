import { keyOf, splitKey } from '../../client/object-key.ts';
import { type ControllerDefinition, startReconciling } from '../../framework/controller.ts';
import { referenceTo } from '../../framework/event-recorder.ts';
import { messageOf } from '../../framework/thrown.ts';
import { WorkQueue } from '../../framework/work-queue.ts';
import { indexByNode, podsOn } from '../pods-by-node.ts';
import { addNearHints, isKnownDistribution, removeHints, sliceSet } from './hints.ts';
import {
  type AddressType,
  type EndpointSlice,
  endpointSlices,
  hasSelector,
  type Node,
  nodes,
  type Pod,
  pods,
  type Service,
  serviceKind,
  services,
  sliceManagedByLabel,
  triggerTimeAnnotation,
} from './kinds.ts';
import { onPodChanges, selects, servicesFor } from './pod-changes.ts';
import { addressTypesOf, isOwnedBy, planSlices, sliceControllerLabel } from './service-slices.ts';
import { onSliceChanges, sliceIndex } from './slice-changes.ts';
import { recycle, type SliceChanges } from './slice-packing.ts';
import { SliceTracker } from './slice-tracker.ts';
import { writeSlices } from './slice-writer.ts';
import { TriggerTimes } from './trigger-times.ts';
import { isNodeReady, zoneOf, zoneRatios } from './zone-allocation.ts';
import { asksForZoneHints, type HintEvent, ZoneHints } from './zone-hints.ts';

const name = 'endpointslice-controller';
const workers = 5;
/** Not the key of a Service. */
const topologyKey = '';
/** Several changes of nodes are counted at once. */
const topologyDelayMs = 1000;
/** Own writes come back by the informer within this time. */
const staleRetryMs = 50;

function withTriggerTime(changes: SliceChanges, time: string): SliceChanges {
  const stamped = (slice: SliceChanges['create'][number]): SliceChanges['create'][number] => {
    const { [triggerTimeAnnotation]: _, ...annotations } = slice.metadata?.annotations ?? {};
    return {
      ...slice,
      metadata: {
        ...slice.metadata,
        annotations: time === '' ? annotations : { ...annotations, [triggerTimeAnnotation]: time },
      },
    };
  };
  return { create: changes.create.map(stamped), update: changes.update.map(stamped), delete: changes.delete };
}

/** EndpointSlices of Services that select pods. */
export const endpointSliceController: ControllerDefinition = {
  name: 'endpointslice-controller',
  start: (context, signal) => {
    const { client, clock } = context;
    const informers = {
      services: context.informers.of<Service>(services),
      pods: context.informers.of<Pod>(pods),
      nodes: context.informers.of<Node>(nodes),
      slices: context.informers.of<EndpointSlice>(endpointSlices),
    };
    const events = context.recorder('endpoint-slice-controller');
    const queue = new WorkQueue(clock);
    const tracker = new SliceTracker();
    const times = new TriggerTimes();
    const zones = new ZoneHints();

    informers.services.subscribe({
      added: (service) => queue.add(keyOf(service)),
      updated: (service) => queue.add(keyOf(service)),
      deleted: (service) => queue.add(keyOf(service)),
    });
    onPodChanges(informers.pods, informers.services, (key) => queue.add(key));
    onSliceChanges(informers.slices, { queue, tracker, manager: sliceControllerLabel });
    indexByNode(informers.pods);
    let areRatiosOld = true;
    // Few Services ask for hints by zone: for none of them nothing is counted.
    const nodesChanged = (): void => {
      areRatiosOld = true;
      if (zones.isUsed) queue.addAfter(topologyKey, topologyDelayMs);
    };
    const updateRatios = (): readonly string[] => {
      if (!areRatiosOld) return [];
      areRatiosOld = false;
      return zones.setRatios(zoneRatios(informers.nodes.list()));
    };
    informers.nodes.subscribe({
      added: ({ metadata }, isInitial) => {
        nodesChanged();
        // Its pods were left out until it came.
        if (!isInitial)
          for (const pod of podsOn(informers.pods, metadata?.name ?? ''))
            for (const key of servicesFor(informers.services, pod)) queue.add(key);
      },
      deleted: nodesChanged,
      updated: (node, old) => {
        if (isNodeReady(node) !== isNodeReady(old) || zoneOf(node) !== zoneOf(old)) nodesChanged();
      },
    });

    const warn = (key: string, service: Readonly<Service>, why: string): void => {
      const message = `Error updating Endpoint Slices for Service ${key}: ${why}`;
      events.record(referenceTo(service, serviceKind), 'Warning', 'FailedToUpdateEndpointSlices', message);
    };
    const withHints = (
      service: Readonly<Service>,
      type: AddressType,
      changes: SliceChanges,
      existing: readonly Readonly<EndpointSlice>[],
    ): HintEvent | undefined => {
      const key = keyOf(service);
      const slices = sliceSet(changes, existing);
      if (asksForZoneHints(service)) {
        for (const other of updateRatios()) queue.add(other);
        return zones.add(key, type, slices);
      }
      const wasPopulated = zones.isPopulated(key);
      zones.forget(key, type);
      const { trafficDistribution } = service.spec ?? {};
      if (isKnownDistribution(trafficDistribution)) addNearHints(slices, trafficDistribution);
      else removeHints(slices);
      const message = `Topology Aware Hints has been disabled, addressType: ${type}`;
      return wasPopulated ? { type: 'Warning', reason: 'TopologyAwareHintsDisabled', message } : undefined;
    };

    const reconcileFamily = async (
      service: Readonly<Service>,
      selected: readonly Readonly<Pod>[],
      existing: readonly Readonly<EndpointSlice>[],
      { type, time }: { readonly type: AddressType; readonly time: string },
    ): Promise<readonly string[]> => {
      const nodeOf = (node: string): Readonly<Node> | undefined => informers.nodes.get(node);
      const plan = planSlices({ service, pods: selected, existing, type, nodeOf });
      const event = withHints(service, type, plan, existing);
      const changes = withTriggerTime(
        recycle(plan, (slice) => isOwnedBy(slice, service)),
        time,
      );
      const { namespace = '' } = service.metadata ?? {};
      await writeSlices(client, tracker, changes, {
        namespace,
        owner: `Service ${keyOf(service)}`,
        mayCreate: service.metadata?.deletionTimestamp === undefined,
      });
      if (event !== undefined)
        events.record(referenceTo(service, serviceKind), event.type, event.reason, event.message);
      return plan.problems;
    };

    const reconcileService = async (key: string, service: Readonly<Service>): Promise<void> => {
      const { namespace } = splitKey(key);
      const selected = informers.pods
        .list(namespace)
        .filter(({ metadata }) => selects(service.spec?.selector ?? {}, metadata?.labels));
      const existing = informers.slices
        .by(sliceIndex, key)
        .filter(({ metadata }) => metadata?.labels?.[sliceManagedByLabel] === sliceControllerLabel)
        .filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
      if (tracker.isStale(key, existing)) {
        queue.addAfter(key, staleRetryMs);
        return;
      }
      const time = times.next(key, service, selected);
      const types = addressTypesOf(service);
      const problems: string[] = [];
      for (const type of types) {
        const ofType = existing.filter(({ addressType }) => addressType === type);
        problems.push(...(await reconcileFamily(service, selected, ofType, { type, time })));
      }
      const otherFamilies = existing.filter(({ addressType }) => !types.includes(addressType as AddressType));
      for (const { addressType } of otherFamilies) zones.forget(key, addressType as AddressType);
      const owner = `Service ${key}`;
      await writeSlices(
        client,
        tracker,
        { create: [], update: [], delete: otherFamilies },
        { namespace, owner, mayCreate: false },
      );
      if (problems.length > 0) warn(key, service, problems.join(', '));
    };

    const running = startReconciling(
      {
        name,
        workers,
        informers: Object.values(informers),
        queue,
        reconcile: async (key) => {
          if (key === topologyKey) {
            for (const service of updateRatios()) queue.add(service);
            return;
          }
          const service = informers.services.get(key);
          if (service === undefined) {
            times.forget(key);
            tracker.forget(key);
            return;
          }
          if (service.spec?.type === 'ExternalName' || !hasSelector(service)) return;
          try {
            await reconcileService(key, service);
          } catch (error) {
            warn(key, service, messageOf(error));
            throw error;
          }
        },
      },
      context,
      signal,
    );
    return running;
  },
};
