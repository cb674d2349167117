import type { Informer } from '../../client/informer.ts';
import type { WorkQueue } from '../../framework/work-queue.ts';
import { type EndpointSlice, sliceManagedByLabel } from './kinds.ts';
import { type SliceTracker, serviceOfSlice } from './slice-tracker.ts';

/** Slices by the `namespace/service` of their label. */
export const sliceIndex = 'service';

/** A burst of changes by others is looked at once. */
const foreignChangeDelayMs = 1000;

export interface SliceFollower {
  readonly queue: WorkQueue;
  readonly tracker: SliceTracker;
  /** The value of the label that says who manages a slice. */
  readonly manager: string;
}

/** Queues the Services of managed slices that somebody else has made, changed or deleted. */
export function onSliceChanges(slices: Informer<EndpointSlice>, { queue, tracker, manager }: SliceFollower): void {
  slices.index(sliceIndex, (slice) => {
    const service = serviceOfSlice(slice);
    return service === undefined ? [] : [service];
  });
  const isManaged = ({ metadata }: Readonly<EndpointSlice>): boolean =>
    metadata?.labels?.[sliceManagedByLabel] === manager;
  const later = (slice: Readonly<EndpointSlice>): void => {
    const service = serviceOfSlice(slice);
    if (service !== undefined) queue.addAfter(service, foreignChangeDelayMs);
  };
  slices.subscribe({
    added: (slice) => {
      if (isManaged(slice) && tracker.isForeign(slice)) later(slice);
    },
    updated: (slice, old) => {
      if (serviceOfSlice(slice) !== serviceOfSlice(old)) {
        later(slice);
        later(old);
      } else if (isManaged(slice) !== isManaged(old) || (isManaged(slice) && tracker.isForeign(slice))) later(slice);
    },
    deleted: (slice) => {
      if (isManaged(slice) && tracker.has(slice) && !tracker.deleted(slice)) later(slice);
    },
  });
}
