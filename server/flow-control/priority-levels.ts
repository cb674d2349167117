import type { Clock } from '../../api/clock.ts';
import { mandatoryPriorityLevels } from '../resources/flowcontrol/mandatory.ts';
import type { PriorityLevelConfiguration } from '../resources/flowcontrol/priority-level-configurations.ts';
import { allocateConcurrency, type Claim } from './concurrency-allocation.ts';
import { createFairQueues, type FairQueues } from './fair-queues.ts';
import { createRetryAfter, type RetryAfter } from './retry-after.ts';
import { maxSeatsOf } from './work-width.ts';

type Spec = NonNullable<PriorityLevelConfiguration['spec']>;

/** One priority level: its share of the server's seats, and who takes them. */
export interface Level {
  readonly name: string;
  /** '' as long as there is no object. */
  readonly uid: string;
  readonly isExempt: boolean;
  /** Undefined: what finds no seat is refused. */
  readonly queuing: { readonly queues: number; readonly handSize: number } | undefined;
  readonly queues: FairQueues;
  readonly retryAfter: RetryAfter;
  /** Nobody refers to it any more; it goes when it is empty. */
  readonly isQuiescing: boolean;
  readonly nominalSeats: number;
  readonly lowerSeats: number;
  readonly upperSeats: number;
  readonly currentSeats: number;
  readonly maxSeats: number;
  readonly demand: Demand;
}

export interface Demand {
  readonly highWatermark: number;
  readonly average: number;
  readonly deviation: number;
  readonly smoothed: number;
  readonly target: number;
}

type MutableLevel = { -readonly [Key in keyof Level]: Level[Key] } & { spec: Spec };

export interface PriorityLevels {
  readonly all: ReadonlyMap<string, Level>;
  /** The fraction of their targets that levels got when they last borrowed from each other. */
  readonly fairFraction: number;
  digest(objects: readonly PriorityLevelConfiguration[]): void;
  /** Levels that have much to do borrow the seats of those that lend. */
  borrow(): void;
}

/** How much of the demand of earlier periods is kept. */
const smoothing = 0.977;

function isSound(name: string, { type, limited, exempt }: Spec): boolean {
  if ((type === 'Limited') !== (limited !== undefined) || (type === 'Exempt') !== (exempt !== undefined)) return false;
  return (type === 'Exempt') === (name === 'exempt');
}

function sharesOf({ limited, exempt }: Spec): { shares: number; lendable: number; borrowing: number | undefined } {
  if (limited === undefined)
    return {
      shares: exempt?.nominalConcurrencyShares ?? 0,
      lendable: exempt?.lendablePercent ?? 0,
      borrowing: undefined,
    };
  const { nominalConcurrencyShares, lendablePercent, borrowingLimitPercent } = limited;
  return { shares: nominalConcurrencyShares ?? 30, lendable: lendablePercent ?? 0, borrowing: borrowingLimitPercent };
}

/** The seats of the server, shared out among the priority levels. Upstream: util/flowcontrol/apf_controller.go. */
export function createPriorityLevels(clock: Pick<Clock, 'now' | 'after'>, serverSeats: number): PriorityLevels {
  const levels = new Map<string, MutableLevel>();
  let nominalSum = 0;
  let fairFraction = 0;

  const put = (name: string, uid: string, spec: Spec): void => {
    const known = levels.get(name);
    const queuing = spec.limited?.limitResponse?.queuing;
    const dealt = queuing === undefined ? undefined : { queues: queuing.queues ?? 64, handSize: queuing.handSize ?? 8 };
    const queues = known?.queues ?? createFairQueues(clock);
    queues.configure({ queuing: dealt && { queues: dealt.queues, queueLengthLimit: queuing?.queueLengthLimit ?? 50 } });
    levels.set(name, {
      ...(known ?? {
        nominalSeats: 0,
        lowerSeats: 0,
        upperSeats: 0,
        currentSeats: -1,
        maxSeats: 1,
        demand: { highWatermark: 0, average: 0, deviation: 0, smoothed: 0, target: 0 },
        retryAfter: createRetryAfter(),
      }),
      name,
      uid,
      spec,
      queues,
      queuing: dealt,
      isExempt: spec.type === 'Exempt',
      isQuiescing: false,
    });
  };
  const retire = (wanted: ReadonlySet<string>): void => {
    for (const [name, level] of levels) {
      if (wanted.has(name)) continue;
      if (level.queues.isIdle) levels.delete(name);
      else level.isQuiescing = true;
    }
  };
  const shareOut = (): void => {
    const sum = [...levels.values()].reduce((all, { spec }) => all + sharesOf(spec).shares, 0);
    nominalSum = 0;
    for (const level of levels.values()) {
      const { shares, lendable, borrowing } = sharesOf(level.spec);
      const nominal = sum === 0 ? 0 : Math.ceil((serverSeats * shares) / sum);
      const lent = Math.round((nominal * lendable) / 100);
      level.nominalSeats = nominal;
      level.lowerSeats = nominal - lent;
      level.upperSeats = nominal + (borrowing === undefined ? serverSeats : Math.round((nominal * borrowing) / 100));
      if (level.currentSeats < 0) level.currentSeats = nominal - Math.floor(lent / 2);
      level.maxSeats =
        level.queuing === undefined ? Number.POSITIVE_INFINITY : maxSeatsOf(nominal, level.queuing.handSize);
      nominalSum += nominal;
    }
  };
  const measure = (level: MutableLevel): { lower: number } => {
    const { average, deviation, max, durationMs } = level.queues.demand();
    const envelope = average + deviation;
    const before = level.demand.smoothed;
    const smoothed = durationMs <= 0 ? before : Math.max(envelope, smoothing * before + (1 - smoothing) * envelope);
    const highWatermark = Math.round(max);
    const wanted = level.isExempt ? highWatermark : Math.min(level.nominalSeats, highWatermark);
    const lower = Math.max(level.lowerSeats, wanted);
    const target = level.isExempt ? 0 : Math.max(lower, smoothed);
    level.demand = { highWatermark, average, deviation, smoothed, target };
    return { lower };
  };
  const borrow = (): void => {
    const measured = [...levels.values()].map((level) => ({ level, ...measure(level) }));
    const limited = measured.filter(({ level }) => !level.isExempt);
    const exemptSeats = measured.reduce((all, { level, lower }) => all + (level.isExempt ? lower : 0), 0);
    const remaining = nominalSum - exemptSeats;
    const lowest = limited.reduce((all, { level }) => all + level.lowerSeats, 0);
    const wanted = limited.reduce((all, { lower }) => all + lower, 0);
    let seats: readonly number[] = limited.map(({ level }) => level.lowerSeats);
    fairFraction = 0;
    if (remaining > wanted) {
      const claims = limited.map(({ level, lower }): Claim => {
        return { lower, upper: level.upperSeats, target: level.demand.target };
      });
      const allocation = allocateConcurrency(nominalSum, claims);
      seats = allocation?.shares ?? limited.map(({ level }) => level.currentSeats);
      fairFraction = allocation?.fraction ?? 0;
    } else if (remaining > lowest) {
      const part = (remaining - lowest) / (wanted - lowest);
      seats = limited.map(({ level, lower }) => level.lowerSeats + (lower - level.lowerSeats) * part);
    }
    for (const [i, { level }] of limited.entries()) level.currentSeats = Math.round(seats[i] ?? level.lowerSeats);
    for (const { level, lower } of measured) {
      if (level.isExempt) level.currentSeats = lower;
      level.queues.limitTo(level.isExempt ? Number.POSITIVE_INFINITY : level.currentSeats);
      if (level.isQuiescing && level.queues.isIdle) levels.delete(level.name);
    }
  };
  return {
    all: levels,
    get fairFraction() {
      return fairFraction;
    },
    digest(objects) {
      const wanted = new Set(Object.keys(mandatoryPriorityLevels));
      const found = new Set<string>();
      for (const { metadata, spec } of objects) {
        const name = metadata?.name ?? '';
        if (spec === undefined || !isSound(name, spec)) continue;
        put(name, metadata?.uid ?? '', spec);
        wanted.add(name);
        found.add(name);
      }
      for (const [name, spec] of Object.entries(mandatoryPriorityLevels))
        if (!found.has(name)) put(name, levels.get(name)?.uid ?? '', spec);
      retire(wanted);
      shareOut();
      borrow();
    },
    borrow,
  };
}
