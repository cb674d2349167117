import { keyOf, splitKey } from '../../client/object-key.ts';
import { type ControllerDefinition, startReconciling } from '../../framework/controller.ts';
import { referenceTo } from '../../framework/event-recorder.ts';
import { WorkQueue } from '../../framework/work-queue.ts';
import {
  type EndpointSlice,
  type Endpoints,
  endpointSlices,
  endpoints,
  endpointsKind,
  hasSelector,
  type Service,
  services,
  sliceManagedByLabel,
} from './kinds.ts';
import { mirroringLabel, planMirror } from './mirrored-slices.ts';
import { onSliceChanges, sliceIndex } from './slice-changes.ts';
import { recycle } from './slice-packing.ts';
import { SliceTracker } from './slice-tracker.ts';
import { writeSlices } from './slice-writer.ts';

const name = 'endpointslice-mirroring-controller';
const workers = 5;
const staleRetryMs = 50;
const maxEndpointsPerSubset = 1000;

function isForMirroring({ metadata }: Readonly<Endpoints>): boolean {
  return (
    metadata?.labels?.['endpointslice.kubernetes.io/skip-mirror'] !== 'true' &&
    metadata?.annotations?.['control-plane.alpha.kubernetes.io/leader'] === undefined
  );
}

/** EndpointSlices of the Endpoints that users write for Services without selector. */
export const endpointSliceMirroringController: ControllerDefinition = {
  name,
  start: (context, signal) => {
    const { client } = context;
    const informers = {
      services: context.informers.of<Service>(services),
      endpoints: context.informers.of<Endpoints>(endpoints),
      slices: context.informers.of<EndpointSlice>(endpointSlices),
    };
    const events = context.recorder('endpoint-slice-mirroring-controller');
    const queue = new WorkQueue(context.clock);
    const tracker = new SliceTracker();

    const onService = (service: Readonly<Service>): void => {
      if (!hasSelector(service)) queue.add(keyOf(service));
    };
    informers.services.subscribe({
      added: onService,
      deleted: onService,
      updated: (service, old) => {
        if (hasSelector(service) !== hasSelector(old)) queue.add(keyOf(service));
      },
    });
    const onEndpoints = (object: Readonly<Endpoints>): void => {
      if (isForMirroring(object)) queue.add(keyOf(object));
    };
    informers.endpoints.subscribe({
      added: onEndpoints,
      deleted: onEndpoints,
      updated: (object, old) => {
        if (isForMirroring(object) || isForMirroring(old)) queue.add(keyOf(object));
      },
    });
    onSliceChanges(informers.slices, { queue, tracker, manager: mirroringLabel });

    return startReconciling(
      {
        name,
        workers,
        informers: Object.values(informers),
        queue,
        reconcile: async (key) => {
          const { namespace } = splitKey(key);
          const object = informers.endpoints.get(key);
          const service = informers.services.get(key);
          const existing = informers.slices
            .by(sliceIndex, key)
            .filter(({ metadata }) => metadata?.labels?.[sliceManagedByLabel] === mirroringLabel);
          const writing = { namespace, owner: `Endpoints ${key}`, mayCreate: true };
          if (object === undefined || service === undefined || hasSelector(service) || !isForMirroring(object)) {
            tracker.forget(key);
            if (existing.length > 0)
              await writeSlices(client, tracker, { create: [], update: [], delete: existing }, writing);
            tracker.forget(key);
            return;
          }
          if (tracker.isStale(key, existing)) {
            queue.addAfter(key, staleRetryMs);
            return;
          }
          const plan = planMirror(object, existing);
          const warn = (reason: string, message: string): void =>
            events.record(referenceTo(object, endpointsKind), 'Warning', reason, message);
          if (plan.invalid > 0)
            warn('InvalidIPAddress', `Skipped ${plan.invalid} invalid IP addresses when mirroring to EndpointSlices`);
          if (plan.skipped > plan.invalid)
            warn(
              'TooManyAddressesToMirror',
              `A max of ${maxEndpointsPerSubset} addresses can be mirrored to EndpointSlices per Endpoints subset. ${plan.skipped} addresses were skipped`,
            );
          const mayCreate = object.metadata?.deletionTimestamp === undefined;
          await writeSlices(
            client,
            tracker,
            recycle(plan, () => true),
            { ...writing, mayCreate },
          );
        },
      },
      context,
      signal,
    );
  },
};
