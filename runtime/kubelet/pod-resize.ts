import { type Clock, toTime } from '../../api/clock.ts';
import { semanticEqual } from '../../api/equal.ts';
import type { Rejection } from './admission.ts';
import type { ContainerRecord } from './container-record.ts';
import type { Container, Pod, PodCondition } from './pod-runtime.ts';

/** A kubelet sees so soon that a resize has been done. */
const noticeMs = 1000;

export interface PodResizeDeps {
  readonly clock: Clock;
  /** Gives the pod what it asks for now; otherwise why not. `later`: room is being made, and it will be considered again. */
  allocate(pod: Readonly<Pod>): Rejection | 'later' | undefined;
  /** Ends a container that cannot be given other resources while it runs. */
  restart(record: ContainerRecord): void;
  event(type: 'Normal' | 'Warning', reason: string, message: string): void;
  changed(): void;
}

interface Pending {
  readonly message: string;
  readonly generation: number;
  readonly since: number;
  readonly lookedAt: number;
}

/** Resources of containers that change while they run: first they are given, then they are made so. */
export class PodResize {
  readonly #deps: PodResizeDeps;
  #pending: Pending | undefined;
  #progress: { readonly generation: number; readonly since: number } | undefined;
  #isChecking = false;

  constructor(deps: PodResizeDeps) {
    this.#deps = deps;
  }

  /** Since when it waits; undefined: for nothing. */
  get pendingSince(): number | undefined {
    return this.#pending?.since;
  }

  /** The pod may ask for something else by now, or what it asks for may be free. */
  consider(pod: Readonly<Pod>, records: readonly ContainerRecord[]): void {
    const { clock, allocate, event, changed } = this.#deps;
    const wanted = records.filter(({ spec, allocated }) => !isSame(spec.resources, allocated));
    if (wanted.length === 0) {
      this.#pending = undefined;
      return;
    }
    const now = clock.now();
    const generation = pod.metadata?.generation ?? 0;
    const refusal = allocate(pod);
    if (refusal === 'later') return;
    if (refusal === undefined) {
      this.#pending = undefined;
      this.#progress = { generation, since: now };
      for (const record of wanted) record.allocated = record.spec.resources;
      event('Normal', 'ResizeStarted', `Pod resize started: ${summary(pod, generation)}`);
      for (const record of wanted) this.#apply(record);
      this.#check(pod, records);
    } else {
      const before = this.#pending;
      this.#pending = { message: refusal.message, generation, since: before?.since ?? now, lookedAt: now };
      if (before?.generation !== generation)
        event('Warning', 'ResizeDeferred', `Pod resize Deferred: ${summary(pod, generation, refusal.message)}`);
    }
    changed();
  }

  conditions(): PodCondition[] {
    const { clock } = this.#deps;
    const pending = this.#pending;
    const progress = this.#progress;
    return [
      ...(pending === undefined
        ? []
        : [
            {
              type: 'PodResizePending',
              status: 'True',
              reason: 'Deferred',
              message: pending.message,
              observedGeneration: pending.generation,
              lastProbeTime: toTime(pending.lookedAt),
              lastTransitionTime: toTime(pending.since),
            },
          ]),
      ...(progress === undefined
        ? []
        : [
            {
              type: 'PodResizeInProgress',
              status: 'True',
              observedGeneration: progress.generation,
              lastProbeTime: toTime(progress.since),
              lastTransitionTime: toTime(Math.min(progress.since, clock.now())),
            },
          ]),
    ];
  }

  #apply(record: ContainerRecord): void {
    const { running, allocated, resources } = record;
    if (running === undefined || record.kind === 'init') return;
    if (needsRestart(record.spec, resources, allocated)) {
      this.#deps.restart(record);
      return;
    }
    record.resources = allocated;
    running.setResources?.(allocated);
  }

  /** Done when all that runs has what it was given. */
  #check(pod: Readonly<Pod>, records: readonly ContainerRecord[]): void {
    if (this.#isChecking) return;
    this.#isChecking = true;
    this.#deps.clock.after(noticeMs, () => {
      this.#isChecking = false;
      const progress = this.#progress;
      if (progress === undefined) return;
      const isDone = records.every(
        ({ running, resources, allocated, kind }) =>
          kind === 'init' || (running === undefined ? false : isSame(resources, allocated)),
      );
      if (!isDone) {
        this.#check(pod, records);
        return;
      }
      this.#progress = undefined;
      this.#deps.event('Normal', 'ResizeCompleted', `Pod resize completed: ${summary(pod, progress.generation)}`);
      this.#deps.changed();
    });
  }

  /** The pod ends: nothing of this is said any more. */
  close(): void {
    this.#pending = undefined;
    this.#progress = undefined;
  }
}

type Resources = Container['resources'];

function amountsOf(resources: Resources): object {
  return { requests: resources?.requests, limits: resources?.limits };
}

function isSame(one: Resources, other: Resources): boolean {
  return semanticEqual(amountsOf(one), amountsOf(other));
}

function needsRestart({ resizePolicy = [] }: Container, old: Resources, now: Resources): boolean {
  return resizePolicy.some(({ resourceName = '', restartPolicy }) => {
    if (restartPolicy !== 'RestartContainer') return false;
    const of = (resources: Resources): unknown => [
      resources?.requests?.[resourceName],
      resources?.limits?.[resourceName],
    ];
    return !semanticEqual(of(old), of(now));
  });
}

/** As an event tells it: in the order of upstream's own record. */
function summary({ spec }: Readonly<Pod>, generation: number, error?: string): string {
  const list = (containers: readonly Container[] | undefined): object[] | undefined =>
    containers?.map(({ name, resources = {} }) => ({ name, resources: ordered(resources) }));
  return JSON.stringify({
    initContainers: list(spec?.initContainers),
    containers: list(spec?.containers),
    generation,
    error,
  });
}

function ordered({ limits, requests }: NonNullable<Resources>): object {
  const sorted = (amounts: Readonly<Record<string, string>> | undefined): object | undefined =>
    amounts === undefined
      ? undefined
      : Object.fromEntries(Object.entries(amounts).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { limits: sorted(limits), requests: sorted(requests) };
}

interface Resizable {
  readonly pod: Readonly<Pod>;
  readonly resizePendingSince: number | undefined;
}

/** Those that wait, in the order in which they are given what is free: who matters most, who is promised most, who has waited longest. */
export function inResizeOrder<T extends Resizable>(pods: Iterable<T>): T[] {
  const waiting = [...pods].filter(({ resizePendingSince }) => resizePendingSince !== undefined);
  if (waiting.length < 2) return waiting;
  const priorityOf = ({ pod }: T): number => pod.spec?.priority ?? 0;
  const isGuaranteed = ({ pod }: T): boolean => pod.status?.qosClass === 'Guaranteed';
  return waiting.sort(
    (a, b) =>
      priorityOf(b) - priorityOf(a) ||
      Number(isGuaranteed(b)) - Number(isGuaranteed(a)) ||
      (a.resizePendingSince ?? 0) - (b.resizePendingSince ?? 0),
  );
}
