import type { ApiClient } from '../../../api/client.ts';
import { StatusError } from '../../../api/status.ts';
import { type EventRecorder, referenceTo } from '../../framework/event-recorder.ts';
import { isNamespaceTerminating } from '../../framework/status-cause.ts';
import { messageOf } from '../../framework/thrown.ts';
import { podResource } from '../pod-control.ts';
import type { Pod } from '../pod-state.ts';
import { hasForeignController, isClaimUpToDate, withOwners } from './claim-owners.ts';
import {
  type Claim,
  claimNames,
  claimsOf,
  identityMatches,
  ordinalOf,
  type StatefulSet,
  statefulSetKind,
  storageMatches,
  withIdentity,
  withStorage,
} from './identity.ts';
import type { Step } from './plan.ts';

export const claimResource = { group: '', version: 'v1', resource: 'persistentvolumeclaims' } as const;

type Verb = 'Create' | 'Update' | 'Delete';

export interface StatefulPodsDeps {
  readonly client: ApiClient;
  readonly recorder: EventRecorder;
  /** By the informer. */
  claim(name: string): Claim | undefined;
}

export interface StatefulPods {
  /** Says in events of the set what it did, and what it could not do. */
  run(step: Step): Promise<void>;
}

function is(error: unknown, reason: string): boolean {
  return error instanceof StatusError && error.reason === reason;
}

/** Several failures in one, in upstream's form. */
function joined(messages: readonly string[]): Error {
  return new Error(messages.length === 1 ? messages[0] : `[${messages.join(', ')}]`);
}

export function statefulPods({ client, recorder, claim }: StatefulPodsDeps, set: StatefulSet): StatefulPods {
  const { name: setName = '', namespace = '' } = set.metadata ?? {};
  const about = referenceTo(set, statefulSetKind);

  const say = (verb: Verb, what: string, failure?: unknown): void => {
    if (failure === undefined) recorder.record(about, 'Normal', `Successful${verb}`, `${verb} ${what}`);
    else recorder.record(about, 'Warning', `Failed${verb}`, `${verb} ${what} failed error: ${messageOf(failure)}`);
  };
  const podWords = (pod: Pod): string => `Pod ${pod.metadata?.name} in StatefulSet ${setName}`;
  const sayPod = (verb: Verb, pod: Pod, failure?: unknown): void =>
    say(verb, failure === undefined ? `${podWords(pod)} successful` : podWords(pod), failure);
  /** A failure becomes an event too. */
  const saying = async <T>(verb: Verb, pod: Pod, action: () => Promise<T>): Promise<T> => {
    try {
      return await action();
    } catch (error) {
      sayPod(verb, pod, error);
      throw error;
    }
  };

  const makeClaims = async (pod: Pod): Promise<void> => {
    const failures: string[] = [];
    for (const wanted of claimsOf(set, ordinalOf(pod))) {
      const claimName = wanted.metadata?.name ?? '';
      const present = claim(claimName);
      if (present?.metadata?.deletionTimestamp !== undefined) failures.push(`pvc ${claimName} is being deleted`);
      if (present !== undefined) continue;
      try {
        await client.create(claimResource, namespace, wanted);
        say('Create', `Claim ${claimName} ${podWords(pod)} success`);
      } catch (error) {
        if (isNamespaceTerminating(error)) throw error;
        failures.push(`failed to create PVC ${claimName}: ${messageOf(error)}`);
        if (!is(error, 'AlreadyExists')) say('Create', `Claim ${claimName} for ${podWords(pod)}`, error);
      }
    }
    if (failures.length > 0) throw joined(failures);
  };

  const ownClaims = async (pod: Pod): Promise<boolean> => {
    let isChanged = false;
    for (const claimName of claimNames(set, ordinalOf(pod))) {
      const present = claim(claimName);
      if (present === undefined) continue;
      if (hasForeignController(set, pod, present)) {
        const words = `PersistentVolumeClaim ${claimName} has a conflicting OwnerReference that acts as a manging controller`;
        recorder.record(
          about,
          'Warning',
          'ConflictingController',
          `${words}, the retention policy is ignored for this claim`,
        );
      }
      if (isClaimUpToDate(set, pod, present)) continue;
      isChanged = true;
      try {
        await client.update(claimResource, namespace, withOwners(set, pod, present));
      } catch (error) {
        if (is(error, 'Conflict')) throw error;
        throw new Error(`could not update claim ${claimName} for delete policy ownerRefs: ${messageOf(error)}`, {
          cause: error,
        });
      }
    }
    return isChanged;
  };

  const create = async (pod: Pod): Promise<void> => {
    await saying('Create', pod, () => makeClaims(pod));
    try {
      await client.create(podResource, namespace, pod);
    } catch (error) {
      // The one before has not gone yet: no failure, but tried again later.
      if (!is(error, 'AlreadyExists')) sayPod('Create', pod, error);
      throw error;
    }
    sayPod('Create', pod);
  };

  const restore = async (pod: Pod): Promise<void> => {
    const named = identityMatches(set, pod) ? pod : withIdentity(set, pod);
    const stored = storageMatches(set, pod) ? named : withStorage(set, named);
    if (stored !== named) await saying('Update', pod, () => makeClaims(pod));
    const isOwned = await saying('Update', pod, () => ownClaims(pod));
    if (stored === pod && !isOwned) return;
    await saying('Update', pod, async () => {
      if (stored !== pod) await client.update(podResource, namespace, stored);
    });
    sayPod('Update', pod);
  };

  const remove = async (pod: Pod): Promise<void> => {
    const { name = '', uid = '' } = pod.metadata ?? {};
    try {
      // By its uid: the next pod has the same name, and the informer may not have seen it yet.
      await client.delete(podResource, namespace, name, { preconditions: { uid } });
    } catch (error) {
      if (is(error, 'Conflict')) throw error;
      if (!is(error, 'NotFound')) {
        sayPod('Delete', pod, error);
        throw error;
      }
    }
    sayPod('Delete', pod);
  };

  return {
    run: async (step) => {
      if (step.kind === 'create') await create(step.pod);
      else if (step.kind === 'delete') await remove(step.pod);
      else if (step.kind === 'restore') await restore(step.pod);
      else {
        if (step.kind === 'make claims') await makeClaims(step.pod);
        await saying('Update', step.pod, () => ownClaims(step.pod));
      }
    },
  };
}
