import { goQuote } from '../../../api/go-text.ts';
import { keyOf } from '../../client/object-key.ts';
import {
  availableIndex,
  type BinderContext,
  bind,
  claimEvent,
  claimIndex,
  loseClaim,
  setClaimStatus,
  updateClaim,
} from './binder-context.ts';
import { bestMatch, classOfClaim, hasClass, isBoundTo, mismatchOf } from './matching.ts';
import { provision, withMigration } from './provisioning.ts';
import {
  betaDefaultClass,
  bindCompleted,
  boundByController,
  type Claim,
  defaultClass,
  hasAnnotation,
  isPodTerminated,
  podsOfClaim,
  type StorageClass,
  selectedNode,
  type Volume,
} from './storage-objects.ts';

/** Looks at one claim; what stays unbound is looked at again later. */
export async function syncClaim(binder: BinderContext, key: string): Promise<void> {
  const found = binder.claims.get(key);
  if (found === undefined) return;
  const migrated = withMigration(found, 'claim');
  const claim = migrated === undefined ? found : await updateClaim(binder, migrated);
  if (hasAnnotation(claim, bindCompleted)) return syncBound(binder, claim);
  if ((claim.spec?.volumeName ?? '') === '') await syncUnbound(binder, claim);
  else await syncNaming(binder, claim);
  const now = binder.claims.get(key);
  if (now !== undefined && !hasAnnotation(now, bindCompleted)) binder.claimQueue.addAfter(key, binder.resyncMs);
}

/** The newest of the classes that are marked as the default. */
export function defaultStorageClass(classes: readonly Readonly<StorageClass>[]): Readonly<StorageClass> | undefined {
  const marked = classes.filter(({ metadata }) =>
    [defaultClass, betaDefaultClass].some((name) => metadata?.annotations?.[name] === 'true'),
  );
  const created = ({ metadata }: Readonly<StorageClass>): number => Date.parse(metadata?.creationTimestamp ?? '');
  return marked.toSorted(
    (a, b) => created(b) - created(a) || ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1),
  )[0];
}

async function syncUnbound(binder: BinderContext, claim: Readonly<Claim>): Promise<void> {
  const className = classOfClaim(claim);
  const isDelayed = binder.classes.get(className)?.volumeBindingMode === 'WaitForFirstConsumer';
  const candidates = new Set([
    ...binder.volumes.candidates(availableIndex, className),
    ...binder.volumes.candidates(claimIndex, keyOf(claim)),
  ]);
  const volume = bestMatch(claim, [...candidates], isDelayed);
  if (volume !== undefined) return bind(binder, volume, claim);
  if (await assignDefaultClass(binder, claim)) return;
  if (isDelayed && !hasAnnotation(claim, selectedNode)) tellDelay(binder, claim);
  else if (className !== '') return provision(binder, claim);
  else {
    const message = 'no persistent volumes available for this claim and no storage class is set';
    claimEvent(binder, claim, 'Normal', 'FailedBinding', message);
  }
  await setClaimStatus(binder, claim, 'Pending');
}

/** A claim that says nothing of a class gets the default one as soon as there is one. */
async function assignDefaultClass(binder: BinderContext, claim: Readonly<Claim>): Promise<boolean> {
  const chosen = hasClass(claim) ? undefined : defaultStorageClass(binder.classes.list());
  if (chosen === undefined) return false;
  await updateClaim(binder, { ...claim, spec: { ...claim.spec, storageClassName: chosen.metadata?.name ?? '' } });
  return true;
}

function tellDelay(binder: BinderContext, claim: Readonly<Claim>): void {
  const waiting = podsOfClaim(binder.pods, keyOf(claim))
    .filter((pod) => !isPodTerminated(pod) && (pod.spec?.nodeName ?? '') === '')
    .map(({ metadata }) => metadata?.name ?? '');
  if (waiting.length === 0) {
    const message = 'waiting for first consumer to be created before binding';
    claimEvent(binder, claim, 'Normal', 'WaitForFirstConsumer', message);
  } else {
    const message = `waiting for pod${waiting.length > 1 ? 's' : ''} ${waiting.join(',')} to be scheduled`;
    claimEvent(binder, claim, 'Normal', 'WaitForPodScheduled', message);
  }
}

/** The claim names its volume, but the binding is not complete. */
async function syncNaming(binder: BinderContext, claim: Readonly<Claim>): Promise<void> {
  const volume = binder.volumes.get(claim.spec?.volumeName ?? '');
  if (volume === undefined) {
    await setClaimStatus(binder, claim, 'Pending');
    return;
  }
  const name = goQuote(volume.metadata?.name ?? '');
  if (volume.spec?.claimRef === undefined) {
    const mismatch = mismatchOf(volume, claim);
    if (mismatch === undefined) return bind(binder, volume, claim);
    claimEvent(binder, claim, 'Warning', 'VolumeMismatch', `Cannot bind to requested volume ${name}: ${mismatch}`);
  } else if (isBoundTo(volume, claim)) return bind(binder, volume, claim);
  else {
    claimEvent(binder, claim, 'Warning', 'FailedBinding', `volume ${name} already bound to a different claim.`);
    if (hasAnnotation(claim, boundByController)) return;
  }
  await setClaimStatus(binder, claim, 'Pending');
}

async function syncBound(binder: BinderContext, claim: Readonly<Claim>): Promise<void> {
  const volumeName = claim.spec?.volumeName ?? '';
  if (volumeName === '') {
    const message = 'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!';
    return loseClaim(binder, claim, 'ClaimLost', message);
  }
  const volume: Readonly<Volume> | undefined = binder.volumes.get(volumeName);
  if (volume === undefined) {
    return loseClaim(
      binder,
      claim,
      'ClaimLost',
      'Bound claim has lost its PersistentVolume. Data on the volume is lost!',
    );
  }
  const reference = volume.spec?.claimRef;
  if (reference === undefined || reference.uid === claim.metadata?.uid) return bind(binder, volume, claim);
  const message = 'Two claims are bound to the same volume, this one is bound incorrectly';
  return loseClaim(binder, claim, 'ClaimMisbound', message);
}
