import type { ApiClient } from '../../../api/client.ts';
import type { Api } from '../../../api/object.ts';
import type { Pod } from '../pod-runtime.ts';
import { messageOf } from './volume-error.ts';

type Claim = Api<'io.k8s.api.core.v1.PersistentVolumeClaim'>;
export type PersistentVolume = Api<'io.k8s.api.core.v1.PersistentVolume'>;
type Volume = NonNullable<NonNullable<Pod['spec']>['volumes']>[number];

const claims = { group: '', version: 'v1', resource: 'persistentvolumeclaims' } as const;
const volumes = { group: '', version: 'v1', resource: 'persistentvolumes' } as const;
const protection = 'kubernetes.io/pvc-protection';

/** A claim does not lead to a volume (yet): no volume of the pod is waited for before the event. */
export class ClaimError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ClaimError';
  }
}

/** The name of the claim that a volume stands for, if it stands for one. */
export function claimNameOf({ metadata }: Readonly<Pod>, volume: Volume): string | undefined {
  return volume.ephemeral === undefined ? volume.persistentVolumeClaim?.claimName : `${metadata?.name}-${volume.name}`;
}

async function readClaim(client: ApiClient, namespace: string, name: string): Promise<Readonly<Claim>> {
  const claim = await client.get<Claim>(claims, namespace, name).catch((error: unknown) => {
    throw new Error(`failed to fetch PVC from API server: ${messageOf(error)}`);
  });
  const { metadata, spec, status } = claim;
  if (metadata?.deletionTimestamp !== undefined && metadata.finalizers?.includes(protection) !== true)
    throw new Error('PVC is being deleted');
  if (status?.phase !== 'Bound') throw new Error('PVC is not bound');
  if ((spec?.volumeName ?? '') === '') throw new Error('PVC has empty pvc.Spec.VolumeName');
  return claim;
}

async function readVolume(client: ApiClient, claim: Readonly<Claim>): Promise<Readonly<PersistentVolume>> {
  const name = claim.spec?.volumeName ?? '';
  const volume = await client.get<PersistentVolume>(volumes, '', name).catch((error: unknown) => {
    throw new Error(`failed to fetch PV ${name} from API server: ${messageOf(error)}`);
  });
  const found = `found PV object ${name} but`;
  const reference = volume.spec?.claimRef;
  if (reference === undefined)
    throw new Error(`${found} it has a nil pv.Spec.ClaimRef indicating it is not yet bound to the claim`);
  const uid = claim.metadata?.uid;
  if (reference.uid !== uid)
    throw new Error(`${found} its pv.Spec.ClaimRef.UID ${reference.uid} does not point to claim.UID ${uid}`);
  return volume;
}

export interface VolumeUse {
  readonly isMounted: boolean;
  readonly isDevice: boolean;
}

/** The volume that a pod's claim is bound to. Throws ClaimError. */
export async function boundVolume(
  client: ApiClient,
  pod: Readonly<Pod>,
  volume: Volume,
  { isMounted, isDevice }: VolumeUse,
): Promise<Readonly<PersistentVolume>> {
  const { namespace = '', uid } = pod.metadata ?? {};
  const name = claimNameOf(pod, volume) ?? '';
  let bound: Readonly<PersistentVolume>;
  try {
    const claim = await readClaim(client, namespace, name);
    const owner = claim.metadata?.ownerReferences?.find(({ controller }) => controller === true);
    if (volume.ephemeral !== undefined && owner?.uid !== uid)
      throw new ClaimError(
        `PVC ${namespace}/${name} was not created for pod ${namespace}/${pod.metadata?.name} (pod is not owner)`,
      );
    bound = await readVolume(client, claim);
  } catch (error) {
    if (error instanceof ClaimError) throw error;
    throw new ClaimError(`error processing PVC ${namespace}/${name}: ${messageOf(error)}`);
  }
  const mode = bound.spec?.volumeMode ?? 'Filesystem';
  const wrong = (where: string): ClaimError =>
    new ClaimError(`volume ${volume.name} has volumeMode ${mode}, but is specified in ${where}`);
  if (isMounted && mode !== 'Filesystem') throw wrong('volumeMounts');
  if (isDevice && mode !== 'Block') throw wrong('volumeDevices');
  return bound;
}
