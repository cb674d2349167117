import { keyOf } from '../../client/object-key.ts';
import { type Claim, claims, selectedNode, type Volume, volumes } from '../../controllers/volumes/storage-objects.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';
import type { VolumeBindingDeps, VolumePlan } from './volume-binding.ts';
import { canReach, isBound } from './volume-lookups.ts';

export interface BindingJob extends VolumeBindingDeps {
  readonly pod: PodInfo;
  readonly node: NodeInfo;
  readonly plan: VolumePlan;
  readonly timeoutMs: number;
}

/** The plan cannot come true any more: the pod has to be placed anew. */
class BindingFailed extends Error {
  constructor(message: string) {
    super(`running PreBind plugin "VolumeBinding": binding volumes: ${message}`);
    this.name = 'BindingFailed';
  }
}

/** Whether all is bound. Throws BindingFailed. `revisions`: of our own writes, older states say nothing. */
function isDone({ node, plan, informers }: BindingJob, revisions: ReadonlyMap<string, number>): boolean {
  const claimInformer = informers.of<Claim>(claims);
  const volumeInformer = informers.of<Volume>(volumes);
  const isNew = ({ metadata }: Readonly<Claim | Volume>): boolean =>
    Number(metadata?.resourceVersion ?? 0) >= (revisions.get(metadata?.uid ?? '') ?? 0);
  const check = (volume: Readonly<Volume>): void => {
    if (canReach(volume, node.node)) return;
    throw new BindingFailed(
      `pv "${volume.metadata?.name}" node affinity doesn't match node "${node.name}": no matching NodeSelectorTerms`,
    );
  };
  for (const { volume: planned, claim: wanted } of plan.matches) {
    const volume = volumeInformer.get(keyOf(planned));
    const claim = claimInformer.get(keyOf(wanted));
    if (volume === undefined)
      throw new BindingFailed(
        `failed to check binding: could not find v1.PersistentVolume "${planned.metadata?.name}"`,
      );
    if (claim === undefined)
      throw new BindingFailed(`failed to check binding: could not find v1.PersistentVolumeClaim "${keyOf(wanted)}"`);
    if (!isNew(volume)) return false;
    check(volume);
    if ((volume.spec?.claimRef?.uid ?? '') === '')
      throw new BindingFailed(`ClaimRef got reset for pv "${volume.metadata?.name}"`);
    if (!isBound(claim)) return false;
  }
  for (const wanted of plan.provisions) {
    const claim = claimInformer.get(keyOf(wanted));
    if (claim === undefined)
      throw new BindingFailed(
        `failed to check provisioning pvc: could not find v1.PersistentVolumeClaim "${keyOf(wanted)}"`,
      );
    if (!isNew(claim)) return false;
    if (claim.metadata?.annotations?.[selectedNode] !== node.name)
      throw new BindingFailed(`provisioning failed for PVC "${claim.metadata?.name}"`);
    const volume = volumeInformer.get(claim.spec?.volumeName ?? '');
    if (volume === undefined || !isBound(claim)) return false;
    check(volume);
  }
  return true;
}

/** Writes what was decided, then waits until the volume controller, or a provisioner, has done its part. */
export async function bindVolumes(job: BindingJob, signal: AbortSignal): Promise<undefined> {
  const { client, clock, informers, plan, timeoutMs } = job;
  const revisions = new Map<string, number>();
  const written = ({ metadata }: Readonly<Claim | Volume>): void =>
    void revisions.set(metadata?.uid ?? '', Number(metadata?.resourceVersion ?? 0));
  for (const { volume } of plan.matches) written(await client.update<Volume>(volumes, '', volume as Volume));
  for (const claim of plan.provisions)
    written(await client.update<Claim>(claims, claim.metadata?.namespace ?? '', claim as Claim));
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const look = (): void => {
    try {
      if (isDone(job, revisions)) resolve(undefined);
    } catch (error) {
      reject(error);
    }
  };
  const timer = clock.after(timeoutMs, () => reject(new BindingFailed('context deadline exceeded')));
  const stop = (): void => reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  const handler = { added: look, updated: look, deleted: look };
  const subscriptions = [informers.of(claims).subscribe(handler), informers.of(volumes).subscribe(handler)];
  try {
    look();
    return await promise;
  } finally {
    timer.cancel();
    signal.removeEventListener('abort', stop);
    for (const subscription of subscriptions) subscription[Symbol.dispose]();
  }
}
