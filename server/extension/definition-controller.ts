import type { ApiClient } from '../../api/client.ts';
import { type Clock, toTime } from '../../api/clock.ts';
import { semanticEqual } from '../../api/equal.ts';
import { StatusError } from '../../api/status.ts';
import type { CustomResourceDefinition } from '../resources/apiextensions/definition-types.ts';
import {
  approvalConditionOf,
  type Condition,
  conditionOf,
  establishedOf,
  isTrue,
  namingOf,
  nonStructuralOf,
  setCondition,
  type TakenNames,
  terminating,
} from './conditions.ts';

const resource = { group: 'apiextensions.k8s.io', version: 'v1', resource: 'customresourcedefinitions' };
const cleanup = 'customresourcecleanup.apiextensions.k8s.io';
/** How long instances that finalizers hold are waited for, until that is told and tried again. */
const maxWaitMs = 60_000;
const firstRetryMs = 5;
const maxRetryMs = 60_000;
const atATime = 16;

/** `example.com` of `widgets.example.com`. */
function groupOf(name: string): string {
  return name.slice(name.indexOf('.') + 1);
}

export interface DefinitionControllerDeps {
  readonly client: ApiClient;
  readonly clock: Clock;
  onError(error: unknown, name: string): void;
  /** The definition as it is stored now; frozen. */
  find(name: string): Readonly<CustomResourceDefinition> | undefined;
  taken(group: string): TakenNames;
  /** Other definitions that may want names which this one has given up. */
  othersOf(group: string, name: string): Iterable<string>;
  /** Removes all objects; resolves to false when some are left after a while. */
  removeInstances(name: string, timeoutMs: number): Promise<boolean>;
}

export interface DefinitionController {
  enqueue(name: string): void;
  close(): void;
}

function sameCondition(a: Condition | undefined, b: Condition): boolean {
  return a !== undefined && a.status === b.status && a.reason === b.reason && a.message === b.message;
}

/** Brings the status of definitions to what upstream's controllers make of it: names, service, schema, approval, end. */
export function createDefinitionController(deps: DefinitionControllerDeps): DefinitionController {
  const { client, clock } = deps;
  const waiting = new Set<string>();
  const removing = new Set<string>();
  const failures = new Map<string, number>();
  const retries = new Set<{ cancel(): void }>();
  /** Groups at work. */
  const running = new Set<string>();
  let isScheduled = false;
  let isClosed = false;
  const now = (): string => toTime(clock.now());

  const write = async (definition: CustomResourceDefinition): Promise<CustomResourceDefinition | undefined> => {
    try {
      const written = await client.update(resource, '', definition, { subresource: 'status' });
      // As it was stored: members without a value are none.
      return JSON.parse(JSON.stringify(written)) as CustomResourceDefinition;
    } catch (error) {
      // Changed or gone in the meantime: the change itself brings it back here.
      if (error instanceof StatusError && (error.reason === 'Conflict' || error.reason === 'NotFound'))
        return undefined;
      throw error;
    }
  };

  const settle = async (found: Readonly<CustomResourceDefinition>): Promise<void> => {
    const definition = structuredClone(found) as CustomResourceDefinition;
    const status = definition.status ?? {};
    definition.status = status;
    let freed = false;
    const set = (condition: Condition): void => {
      if (!sameCondition(conditionOf(definition, condition.type ?? ''), condition))
        setCondition(definition, condition, now());
    };
    if (!semanticEqual(definition.spec?.names, status.acceptedNames)) {
      const { names, accepted } = namingOf(definition, deps.taken(definition.spec?.group ?? ''));
      freed = !semanticEqual(names, status.acceptedNames);
      status.acceptedNames = names;
      set(accepted);
    }
    if (conditionOf(definition, 'NamesAccepted') !== undefined) set(establishedOf(definition));
    const approval = approvalConditionOf(definition);
    if (approval !== undefined) set(approval);
    const nonStructural = nonStructuralOf(definition);
    if (nonStructural !== undefined) set(nonStructural);
    else if (conditionOf(definition, 'NonStructuralSchema') !== undefined)
      status.conditions = status.conditions?.filter(({ type }) => type !== 'NonStructuralSchema');
    if (semanticEqual(definition, found)) return;
    const { group = '' } = definition.spec ?? {};
    if ((await write(definition)) !== undefined && freed)
      for (const other of deps.othersOf(group, definition.metadata?.name ?? '')) enqueue(other);
  };

  /** Removes the instances, then the finalizer: the definition goes with it. */
  const finish = async (found: Readonly<CustomResourceDefinition>): Promise<void> => {
    const name = found.metadata?.name ?? '';
    const started = structuredClone(found) as CustomResourceDefinition;
    setCondition(
      started,
      terminating('True', 'InstanceDeletionInProgress', 'CustomResource deletion is in progress'),
      now(),
    );
    const definition = await write(started);
    if (definition === undefined) return;
    if (isTrue(definition, 'Established')) {
      const isDone = await deps.removeInstances(name, maxWaitMs);
      if (!isDone) {
        const message = 'could not confirm zero CustomResources remaining: context deadline exceeded';
        setCondition(definition, terminating('True', 'InstanceDeletionCheck', message), now());
        await write(definition);
        throw new Error(message);
      }
      setCondition(definition, terminating('False', 'InstanceDeletionCompleted', 'removed all instances'), now());
    } else {
      setCondition(definition, terminating('False', 'NeverEstablished', 'resource was never established'), now());
    }
    definition.metadata = {
      ...definition.metadata,
      finalizers: definition.metadata?.finalizers?.filter((each) => each !== cleanup),
    };
    await write(definition);
  };

  const reconcile = async (name: string): Promise<void> => {
    const found = deps.find(name);
    if (found === undefined) return;
    const { deletionTimestamp, finalizers } = found.metadata ?? {};
    if (deletionTimestamp === undefined) return settle(found);
    if (!finalizers?.includes(cleanup) || removing.has(name)) return;
    removing.add(name);
    // Others do not wait for objects that finalizers hold.
    finish(found).then(
      () => {
        removing.delete(name);
        failures.delete(name);
        // A write that came too late for its revision is tried again.
        if (deps.find(name)?.metadata?.finalizers?.includes(cleanup)) enqueue(name);
      },
      (error: unknown) => {
        removing.delete(name);
        retry(name, error);
      },
    );
  };

  const retry = (name: string, error: unknown): void => {
    if (isClosed) return;
    deps.onError(error, name);
    const count = failures.get(name) ?? 0;
    failures.set(name, count + 1);
    const handle = clock.after(Math.min(firstRetryMs * 2 ** count, maxRetryMs), () => {
      retries.delete(handle);
      enqueue(name);
    });
    retries.add(handle);
  };

  const work = async (name: string): Promise<void> => {
    try {
      await reconcile(name);
      if (!removing.has(name)) failures.delete(name);
    } catch (error) {
      retry(name, error);
    }
  };

  /** Definitions of one group want the same names: they come one after the other, groups side by side. */
  const next = (): void => {
    for (const name of waiting) {
      if (isClosed || running.size >= atATime) return;
      const group = groupOf(name);
      if (running.has(group)) continue;
      waiting.delete(name);
      running.add(group);
      void work(name).finally(() => {
        running.delete(group);
        next();
      });
    }
  };

  function enqueue(name: string): void {
    if (isClosed) return;
    waiting.add(name);
    if (isScheduled) return;
    isScheduled = true;
    // Not within the event that led here.
    queueMicrotask(() => {
      isScheduled = false;
      next();
    });
  }

  return {
    enqueue,
    close() {
      isClosed = true;
      for (const handle of retries) handle.cancel();
    },
  };
}
