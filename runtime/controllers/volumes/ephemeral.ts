import { StatusError } from '../../../api/status.ts';
import { keyOf } from '../../client/object-key.ts';
import type { ControllerDefinition } from '../../framework/controller.ts';
import { NotYet, startReconciling } from '../../framework/controller.ts';
import { referenceTo } from '../../framework/event-recorder.ts';
import { WorkQueue } from '../../framework/work-queue.ts';
import { controllerRef, isControlledBy } from '../ownership.ts';
import { type Claim, claims, indexPodsByClaim, type Pod, podKind, pods, podsOfClaim } from './storage-objects.ts';

const name = 'ephemeral-volume-controller';

/** The claims that a pod's ephemeral volumes need and that are not there, and why one of them cannot be used. */
export function missingClaims(
  pod: Readonly<Pod>,
  claimOf: (key: string) => Readonly<Claim> | undefined,
): { readonly missing: readonly Claim[]; readonly conflict?: { readonly volume: string; readonly why: string } } {
  const { name: podName = '', namespace = '' } = pod.metadata ?? {};
  const missing: Claim[] = [];
  for (const { name: volume, ephemeral } of pod.spec?.volumes ?? []) {
    if (ephemeral === undefined) continue;
    const claimName = `${podName}-${volume}`;
    const present = claimOf(`${namespace}/${claimName}`);
    if (present === undefined) {
      const { metadata = {}, spec } = ephemeral.volumeClaimTemplate ?? {};
      missing.push({
        metadata: {
          name: claimName,
          namespace,
          ...(metadata.labels === undefined ? {} : { labels: metadata.labels }),
          ...(metadata.annotations === undefined ? {} : { annotations: metadata.annotations }),
          ownerReferences: [controllerRef(pod, podKind)],
        },
        ...(spec === undefined ? {} : { spec }),
      } as Claim);
    } else if (!isControlledBy(present, pod)) {
      const why = `PVC ${namespace}/${claimName} was not created for pod ${namespace}/${podName} (pod is not owner)`;
      return { missing, conflict: { volume: volume ?? '', why } };
    }
  }
  return { missing };
}

/** Makes the claims of pods' ephemeral volumes. */
export const ephemeralVolumeController: ControllerDefinition = {
  name,
  start: (context, signal) => {
    const { client, clock, informers } = context;
    const recorder = context.recorder('ephemeral_volume');
    const podInformer = informers.of<Pod>(pods);
    const claimInformer = informers.of<Claim>(claims);
    indexPodsByClaim(podInformer);
    const queue = new WorkQueue(clock);
    const enqueue = (pod: Readonly<Pod>): void => {
      if (pod.metadata?.deletionTimestamp !== undefined) return;
      if (pod.spec?.volumes?.some(({ ephemeral }) => ephemeral !== undefined)) queue.add(keyOf(pod));
    };
    podInformer.subscribe({ added: enqueue });
    claimInformer.subscribe({
      deleted: (claim) => {
        for (const pod of podsOfClaim(podInformer, keyOf(claim))) enqueue(pod);
      },
    });
    const reconcile = async (key: string): Promise<void> => {
      const pod = podInformer.get(key);
      if (pod === undefined || pod.metadata?.deletionTimestamp !== undefined) return;
      const fail = (volume: string, why: string): never => {
        const message = `ephemeral volume ${volume}: ${why}`;
        recorder.record(referenceTo(pod, podKind), 'Warning', 'FailedBinding', message);
        throw new NotYet(`pod ${key}, ${message}`);
      };
      const { missing, conflict } = missingClaims(pod, (claimKey) => claimInformer.get(claimKey));
      for (const claim of missing) {
        const claimName = claim.metadata?.name ?? '';
        try {
          await client.create(claims, pod.metadata?.namespace ?? '', claim);
        } catch (error) {
          if (!(error instanceof StatusError)) throw error;
          const volume = claimName.slice((pod.metadata?.name ?? '').length + 1);
          fail(volume, `create PVC ${claimName}: ${error.message}`);
        }
      }
      if (conflict !== undefined) fail(conflict.volume, conflict.why);
    };
    return startReconciling(
      { name, workers: 10, informers: [podInformer, claimInformer], queue, reconcile },
      context,
      signal,
    );
  },
};
