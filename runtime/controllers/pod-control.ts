import type { ApiClient } from '../../api/client.ts';
import { nameIsDNSSubdomain } from '../../api/names.ts';
import type { Api, GroupVersionKind, KubeObject } from '../../api/object.ts';
import { type EventRecorder, referenceTo } from '../framework/event-recorder.ts';
import { isNamespaceTerminating, isNotFound } from '../framework/status-cause.ts';
import { asError, messageOf } from '../framework/thrown.ts';
import { controllerRef } from './ownership.ts';
import type { Pod } from './pod-state.ts';

export type PodTemplate = Readonly<Api<'io.k8s.api.core.v1.PodTemplateSpec'>>;

export const podResource = { group: '', version: 'v1', resource: 'pods' } as const;

/** A new pod as the template says, controlled by `owner`, with a name generated from the owner's. Its spec is the template's own: copy before changing. */
export function podFromTemplate(
  template: PodTemplate,
  owner: Readonly<KubeObject>,
  gvk: GroupVersionKind,
): Api<'io.k8s.api.core.v1.Pod'> {
  const name = owner.metadata?.name ?? '';
  const { labels, annotations, finalizers } = template.metadata ?? {};
  return {
    metadata: {
      generateName: nameIsDNSSubdomain(`${name}-`, true).length === 0 ? `${name}-` : name,
      namespace: owner.metadata?.namespace ?? '',
      ...(labels === undefined ? {} : { labels: { ...labels } }),
      ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
      ...(finalizers === undefined ? {} : { finalizers: [...finalizers] }),
      ownerReferences: [controllerRef(owner, gvk)],
    },
    spec: { ...template.spec },
  };
}

/** Creates and deletes pods and says so in events of their owner. */
export interface PodControl {
  create(pod: Api<'io.k8s.api.core.v1.Pod'>): Promise<Pod>;
  /** Throws NotFound, without an event, when it has gone already. */
  delete(pod: Pod): Promise<void>;
}

export interface PodControlDeps {
  readonly client: ApiClient;
  readonly recorder: EventRecorder;
  readonly gvk: GroupVersionKind;
}

/** What cannot be made in a namespace that is being deleted need not be tried again. */
export async function unlessNamespaceEnds(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isNamespaceTerminating(error)) throw error;
  }
}

export function podControl({ client, recorder, gvk }: PodControlDeps, owner: Readonly<KubeObject>): PodControl {
  const namespace = owner.metadata?.namespace ?? '';
  const about = referenceTo(owner, gvk);
  return {
    create: async (pod) => {
      if (Object.keys(pod.metadata?.labels ?? {}).length === 0) throw new Error('unable to create pods, no labels');
      try {
        const created = await client.create(podResource, namespace, pod);
        recorder.record(about, 'Normal', 'SuccessfulCreate', `Created pod: ${created.metadata?.name}`);
        return created;
      } catch (error) {
        if (!isNamespaceTerminating(error)) {
          recorder.record(about, 'Warning', 'FailedCreate', `Error creating: ${messageOf(error)}`);
        }
        throw error;
      }
    },
    delete: async (pod) => {
      const name = pod.metadata?.name ?? '';
      try {
        await client.delete(podResource, namespace, name);
      } catch (error) {
        if (isNotFound(error)) throw error;
        recorder.record(about, 'Warning', 'FailedDelete', `Error deleting: ${messageOf(error)}`);
        throw new Error(`unable to delete pods: ${messageOf(error)}`, { cause: error });
      }
      recorder.record(about, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`);
    },
  };
}

export interface SlowStartOutcome {
  readonly successes: number;
  /** The first failure; the batches after it were not tried. */
  readonly error?: Error;
}

/** Calls `create` for 0 … count - 1 in batches that double as long as all of a batch succeed. */
export async function slowStart(
  count: number,
  create: (index: number) => Promise<unknown>,
  firstBatch = 1,
): Promise<SlowStartOutcome> {
  let done = 0;
  let successes = 0;
  for (let size = Math.min(count, firstBatch); size > 0; size = Math.min(2 * size, count - done)) {
    const first = done;
    const outcomes = await Promise.allSettled(Array.from({ length: size }, (_, i) => create(first + i)));
    done += size;
    const failure = outcomes.find((outcome) => outcome.status === 'rejected');
    successes += outcomes.filter(({ status }) => status === 'fulfilled').length;
    if (failure !== undefined) return { successes, error: asError(failure.reason) };
  }
  return { successes };
}
