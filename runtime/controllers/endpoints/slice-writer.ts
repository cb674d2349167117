import type { ApiClient } from '../../../api/client.ts';
import { isNamespaceTerminating, isNotFound } from '../../framework/status-cause.ts';
import { messageOf } from '../../framework/thrown.ts';
import { type EndpointSlice, endpointSlices } from './kinds.ts';
import type { SliceChanges } from './slice-packing.ts';
import type { SliceTracker } from './slice-tracker.ts';

export interface SliceWriting {
  readonly namespace: string;
  /** For messages: `Service ns/name`. */
  readonly owner: string;
  /** What is being deleted gets no new slices. */
  readonly mayCreate: boolean;
}

/** Writes the changes one after the other and remembers what was written. */
export async function writeSlices(
  client: ApiClient,
  tracker: SliceTracker,
  changes: SliceChanges,
  { namespace, owner, mayCreate }: SliceWriting,
): Promise<void> {
  const failed = (what: string, error: unknown): Error =>
    new Error(`failed to ${what}EndpointSlice for ${owner}: ${messageOf(error)}`, {
      cause: error,
    });
  for (const slice of mayCreate ? changes.create : [])
    try {
      tracker.wrote(await client.create<EndpointSlice>(endpointSlices, namespace, slice));
    } catch (error) {
      if (isNamespaceTerminating(error)) return;
      throw failed('create ', error);
    }
  for (const slice of changes.update)
    try {
      tracker.wrote(await client.update<EndpointSlice>(endpointSlices, namespace, slice));
    } catch (error) {
      throw failed(`update ${slice.metadata?.name} `, error);
    }
  for (const slice of changes.delete)
    try {
      await client.delete(endpointSlices, namespace, slice.metadata?.name ?? '');
      tracker.expectDeletion(slice);
    } catch (error) {
      if (isNotFound(error)) continue;
      throw failed(`delete ${slice.metadata?.name} `, error);
    }
}
