import { goQuote } from '../../../api/go-text.ts';
import { compareQuantity } from '../../../api/quantity.ts';
import { keyOf } from '../../client/object-key.ts';
import type { ControllerDefinition } from '../../framework/controller.ts';
import { NotYet, startReconciling } from '../../framework/controller.ts';
import { referenceTo } from '../../framework/event-recorder.ts';
import { unlessMissing } from '../../framework/status-cause.ts';
import { WorkQueue } from '../../framework/work-queue.ts';
import { builtInProvisioner } from './provisioning.ts';
import {
  type Claim,
  claimKind,
  claims,
  preResizeCapacity,
  provisionedBy,
  type Volume,
  volumes,
} from './storage-objects.ts';

const name = 'persistentvolume-expander-controller';

export function wantsMore({ spec, status }: Readonly<Claim>): boolean {
  const wanted = spec?.resources?.requests?.storage ?? '0';
  return compareQuantity(wanted, status?.capacity?.storage ?? '0') > 0;
}

/** The status of a claim that has grown. */
export function grown({ status = {} }: Readonly<Claim>, storage: string): NonNullable<Claim['status']> {
  const { conditions = [], allocatedResourceStatuses: _statuses, ...kept } = status;
  const others = conditions.filter(({ type }) => type !== 'Resizing' && type !== 'FileSystemResizePending');
  return {
    ...kept,
    capacity: { ...status.capacity, storage },
    allocatedResources: { ...status.allocatedResources, storage },
    ...(others.length === 0 ? {} : { conditions: others }),
  };
}

/** Volumes made here grow at once; of the others it says that somebody else has to do it. */
export const persistentVolumeExpander: ControllerDefinition = {
  name,
  start: (context, signal) => {
    const { client, clock, informers } = context;
    const recorder = context.recorder('volume_expand');
    const informer = informers.of<Claim>(claims);
    const queue = new WorkQueue(clock);
    const enqueue = (claim: Readonly<Claim>): void => {
      if (claim.status?.phase === 'Bound' && wantsMore(claim)) queue.add(keyOf(claim));
    };
    informer.subscribe({
      added: enqueue,
      updated: (claim, old) => {
        if (claim.spec?.resources?.requests?.storage !== old.spec?.resources?.requests?.storage) enqueue(claim);
      },
    });
    const reconcile = async (key: string): Promise<void> => {
      const claim = informer.get(key);
      if (claim === undefined || !wantsMore(claim)) return;
      const volumeName = claim.spec?.volumeName ?? '';
      const volume = await unlessMissing(client.get<Volume>(volumes, '', volumeName));
      if (volume === undefined)
        throw new NotYet(`failed to get PV ${goQuote(volumeName)}: persistentvolumes ${goQuote(volumeName)} not found`);
      if (volume.spec?.claimRef?.uid !== claim.metadata?.uid)
        throw new NotYet(`persistent Volume is not bound to PVC being updated : ${key}`);
      const about = referenceTo(claim, claimKind);
      const isOurs = volume.metadata?.annotations?.[provisionedBy] === builtInProvisioner;
      if (!isOurs || !context.options.enableBuiltInProvisioner) {
        const message = 'waiting for an external controller to expand this PVC';
        return recorder.record(about, 'Normal', 'ExternalExpanding', message);
      }
      const storage = claim.spec?.resources?.requests?.storage ?? '0';
      const { [preResizeCapacity]: _before, ...annotations } = volume.metadata?.annotations ?? {};
      const capacity = { ...volume.spec?.capacity, storage };
      await client.update<Volume>(volumes, '', {
        ...volume,
        metadata: { ...volume.metadata, annotations },
        spec: { ...volume.spec, capacity },
      });
      const namespace = claim.metadata?.namespace ?? '';
      await client.update<Claim>(
        claims,
        namespace,
        { ...claim, status: grown(claim, storage) },
        { subresource: 'status' },
      );
      recorder.record(about, 'Normal', 'VolumeResizeSuccessful', `ExpandVolume succeeded for volume ${key}`);
    };
    return startReconciling({ name, workers: 10, informers: [informer], queue, reconcile }, context, signal);
  },
};
