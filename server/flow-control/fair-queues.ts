import type { Clock } from '../../api/clock.ts';
import { createSeatDemand, type DemandOfPeriod } from './seat-demand.ts';

export interface QueuesConfig {
  /** Undefined: what does not fit is refused at once. */
  readonly queuing?: { readonly queues: number; readonly queueLengthLimit: number } | undefined;
}

/** Counts of one flow schema in one priority level. */
export interface FlowCounts {
  dispatched: number;
  executing: number;
  executingSeats: number;
  waiting: number;
  waitingSeats: number;
  readonly refused: Record<Refusal, number>;
}

export type Refusal = 'queue-full' | 'concurrency-limit' | 'time-out' | 'cancelled';

export interface Work {
  /** Seats that it takes while it runs. */
  readonly width: number;
  /** The queues to choose from; [] where there are none. */
  readonly hand: readonly number[];
  readonly counts: FlowCounts;
  readonly waitLimitMs: number;
  /** Its signal is asked for only when it has to wait: a signal of each request is dear. */
  readonly caller: { readonly signal: AbortSignal };
}

/** A place at the table; to be left once. */
export interface Seat {
  readonly since: number;
  leave(): void;
}

/** The requests of one priority level: those that run, and the queues of those that wait. */
export interface FairQueues {
  readonly seatsInUse: number;
  readonly executing: number;
  readonly waiting: number;
  readonly isIdle: boolean;
  /** Queues that hold anything, by index. */
  readonly queues: readonly QueueState[];
  configure(config: QueuesConfig): void;
  /** Infinity: no limit. */
  limitTo(seats: number): void;
  /** Undefined: refused. A promise: it waits. */
  enter(work: Work): Seat | undefined | Promise<Seat | undefined>;
  demand(): DemandOfPeriod;
}

export interface QueueState {
  readonly waiting: ReadonlySet<unknown>;
  readonly executing: number;
  readonly seatsInUse: number;
  readonly seatsWaiting: number;
  /** Virtual time at which the next request of this queue is due. */
  readonly due: number;
}

interface Queue extends QueueState {
  readonly waiting: Set<Waiting>;
  executing: number;
  seatsInUse: number;
  seatsWaiting: number;
  due: number;
}

interface Waiting {
  readonly work: Work;
  readonly queue: Queue;
  /** Virtual time of its arrival. */
  readonly arrival: number;
  settle(seat: Seat | undefined): void;
}

/** What a request is taken to last before it has shown it. */
const estimatedMs = 3;

function newQueue(): Queue {
  return { waiting: new Set(), executing: 0, seatsInUse: 0, seatsWaiting: 0, due: 0 };
}

/**
 * Fair queuing: virtual time runs as fast as every busy queue is served, and the request goes next that would be finished first in it.
 * So a flow that sends much waits for itself, and one that sends little passes.
 */
export function createFairQueues(clock: Pick<Clock, 'now' | 'after'>): FairQueues {
  const queues: Queue[] = [];
  const seatDemand = createSeatDemand(clock.now());
  let desired = 0;
  let lengthLimit = 0;
  let limit = Number.POSITIVE_INFINITY;
  let virtual = 0;
  let lastNow = clock.now();
  let seatsInUse = 0;
  let seatsWaiting = 0;
  let executing = 0;
  let waiting = 0;
  let busyQueues = 0;
  let turn = 0;
  let robin = 0;

  const isBusy = (queue: Queue): boolean => queue.executing > 0 || queue.waiting.size > 0;
  const sync = (): number => {
    const now = clock.now();
    if (now > lastNow && busyQueues > 0) {
      virtual += (Math.min(seatsInUse + seatsWaiting, limit) / busyQueues) * (now - lastNow);
    }
    lastNow = now;
    return now;
  };
  const noteDemand = (now: number): void => seatDemand.set(seatsInUse + seatsWaiting, now);
  const fits = (width: number): boolean => (width > limit ? executing === 0 : seatsInUse + width <= limit);
  /** A queue gets no credit for the time in which it was empty. */
  const bound = (queue: Queue): void => {
    for (const { arrival } of queue.waiting) {
      if (queue.due < arrival) queue.due = arrival;
      return;
    }
  };
  const dropSurplus = (): void => {
    for (let last = queues.at(-1); queues.length > desired && last !== undefined && !isBusy(last); last = queues.at(-1))
      queues.pop();
  };
  const seat = (work: Work, queue: Queue | undefined, now: number): Seat => {
    const { width, counts } = work;
    executing++;
    seatsInUse += width;
    counts.dispatched++;
    counts.executing++;
    counts.executingSeats += width;
    if (queue !== undefined) {
      queue.executing++;
      queue.seatsInUse += width;
      queue.due += width * estimatedMs;
    }
    let isTaken = true;
    return {
      since: now,
      leave() {
        if (!isTaken) return;
        isTaken = false;
        const end = sync();
        executing--;
        seatsInUse -= width;
        counts.executing--;
        counts.executingSeats -= width;
        if (queue !== undefined) {
          queue.executing--;
          queue.seatsInUse -= width;
          queue.due -= width * (estimatedMs - (end - now));
          if (queue.waiting.size > 0) bound(queue);
          else if (queue.executing === 0) busyQueues--;
          if (queues.length > desired) dropSurplus();
        }
        noteDemand(end);
        if (waiting > 0) dispatchAll(end);
      },
    };
  };
  const leaveQueue = (entry: Waiting): void => {
    const { queue, work } = entry;
    queue.waiting.delete(entry);
    queue.seatsWaiting -= work.width;
    seatsWaiting -= work.width;
    waiting--;
    work.counts.waiting--;
    work.counts.waitingSeats -= work.width;
  };
  const nextToRun = (): Waiting | undefined => {
    let best: Waiting | undefined;
    let bestFinish = Number.POSITIVE_INFINITY;
    let bestIndex = robin;
    for (let i = 1; i <= queues.length; i++) {
      const index = (robin + i) % queues.length;
      const queue = queues[index];
      if (queue === undefined || queue.waiting.size === 0) continue;
      const oldest = queue.waiting.values().next().value as Waiting;
      const finish = queue.due + oldest.work.width * estimatedMs;
      if (finish >= bestFinish) continue;
      best = oldest;
      bestFinish = finish;
      bestIndex = index;
    }
    if (best === undefined || !fits(best.work.width)) return undefined;
    robin = bestIndex;
    return best;
  };
  const dispatchAll = (now: number): void => {
    while (waiting > 0 && seatsInUse < limit) {
      const entry = nextToRun();
      if (entry === undefined) return;
      leaveQueue(entry);
      const taken = seat(entry.work, entry.queue, now);
      bound(entry.queue);
      noteDemand(now);
      entry.settle(taken);
    }
  };
  const choose = (hand: readonly number[]): Queue => {
    const offset = turn++ % hand.length;
    let best: Queue | undefined;
    for (let i = 0; i < hand.length; i++) {
      const queue = queues[hand[(offset + i) % hand.length] ?? 0];
      if (queue === undefined) continue;
      if (best === undefined || queue.seatsWaiting < best.seatsWaiting) best = queue;
      if (best.seatsWaiting === 0) break;
    }
    return best ?? (queues[0] as Queue);
  };
  const wait = (work: Work, queue: Queue): Promise<Seat | undefined> => {
    const { promise, resolve } = Promise.withResolvers<Seat | undefined>();
    const { signal } = work.caller;
    const giveUp = (why: Refusal): void => {
      const now = sync();
      leaveQueue(entry);
      if (!isBusy(queue)) busyQueues--;
      bound(queue);
      noteDemand(now);
      work.counts.refused[why]++;
      entry.settle(undefined);
    };
    const onAbort = (): void => giveUp('cancelled');
    const timer = clock.after(work.waitLimitMs, () => giveUp('time-out'));
    const entry: Waiting = {
      work,
      queue,
      arrival: virtual,
      settle(taken) {
        timer.cancel();
        signal.removeEventListener('abort', onAbort);
        resolve(taken);
      },
    };
    signal.addEventListener('abort', onAbort, { once: true });
    queue.waiting.add(entry);
    queue.seatsWaiting += work.width;
    seatsWaiting += work.width;
    waiting++;
    work.counts.waiting++;
    work.counts.waitingSeats += work.width;
    bound(queue);
    return promise;
  };
  return {
    queues,
    get seatsInUse() {
      return seatsInUse;
    },
    get executing() {
      return executing;
    },
    get waiting() {
      return waiting;
    },
    get isIdle() {
      return executing === 0 && waiting === 0;
    },
    configure({ queuing }) {
      desired = queuing?.queues ?? 0;
      lengthLimit = queuing?.queueLengthLimit ?? 0;
      while (queues.length < desired) queues.push(newQueue());
      dropSurplus();
    },
    limitTo(seats) {
      const now = sync();
      limit = seats;
      dispatchAll(now);
    },
    enter(work) {
      const now = sync();
      if (work.hand.length === 0 || desired === 0) {
        if (!fits(work.width)) {
          work.counts.refused['concurrency-limit']++;
          return undefined;
        }
        const taken = seat(work, undefined, now);
        noteDemand(now);
        return taken;
      }
      const queue = choose(work.hand);
      if (seatsInUse >= limit && queue.waiting.size >= lengthLimit) {
        work.counts.refused['queue-full']++;
        return undefined;
      }
      if (!isBusy(queue)) {
        queue.due = virtual;
        busyQueues++;
      }
      // Nobody waits and there is room: through the queue without a stop.
      if (waiting === 0 && seatsInUse < limit && fits(work.width)) {
        if (queue.due < virtual) queue.due = virtual;
        const taken = seat(work, queue, now);
        noteDemand(now);
        return taken;
      }
      const waited = wait(work, queue);
      noteDemand(now);
      dispatchAll(now);
      return waited;
    },
    demand: () => seatDemand.reset(clock.now()),
  };
}
