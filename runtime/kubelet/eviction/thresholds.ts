import { Quantity } from '../../../api/quantity.ts';

/** What a node has less and less of, as flags name it. A node has one file system: what is on it is its images' and containers', too. */
export const signals = {
  'memory.available': { resource: 'memory', condition: 'MemoryPressure' },
  'allocatableMemory.available': { resource: 'memory', condition: 'MemoryPressure' },
  'nodefs.available': { resource: 'ephemeral-storage', condition: 'DiskPressure' },
  'nodefs.inodesFree': { resource: 'inodes', condition: 'DiskPressure' },
  'imagefs.available': { resource: 'ephemeral-storage', condition: 'DiskPressure' },
  'imagefs.inodesFree': { resource: 'inodes', condition: 'DiskPressure' },
  'containerfs.available': { resource: 'ephemeral-storage', condition: 'DiskPressure' },
  'containerfs.inodesFree': { resource: 'inodes', condition: 'DiskPressure' },
  'pid.available': { resource: 'pids', condition: 'PIDPressure' },
} as const;

export type Signal = keyof typeof signals;
export type StarvedResource = (typeof signals)[Signal]['resource'];
export type Pressure = (typeof signals)[Signal]['condition'];

/** So much, or this part of all there is. */
export type Amount = { readonly quantity: Quantity } | { readonly fraction: number };

export interface Threshold {
  readonly signal: Signal;
  readonly value: Amount;
  /** How long it may be undercut before pods go; 0: not at all. */
  readonly graceMs: number;
  /** How much more than the threshold is to be free again. */
  readonly minReclaim?: Amount;
}

export interface EvictionSettings {
  readonly thresholds: readonly Threshold[];
  /** What a pod is left with at most when a threshold with a grace sends it away. */
  readonly maxPodGraceSeconds: number;
  /** A node that was short of something is said to be so for as long as this after. */
  readonly transitionMs: number;
}

export interface Observation {
  readonly capacity: number;
  readonly available: number;
}

export type Observations = ReadonlyMap<Signal, Observation>;

/** As upstream counts percents: in single precision. */
export function percent(value: number): Amount {
  return { fraction: Math.fround(Math.fround(value) / 100) };
}

/** As it is told; a part is whole bytes, or whole pieces. */
export function quantityOf(amount: Amount, capacity: number): Quantity {
  return 'quantity' in amount ? amount.quantity : Quantity.of(Math.trunc(capacity * amount.fraction), 'BinarySI');
}

export function amountOf(amount: Amount, capacity: number): number {
  return Number(quantityOf(amount, capacity).value());
}

/** Which of them are undercut; `isFull`: or not yet exceeded by what is to be reclaimed. */
export function thresholdsMet(
  thresholds: readonly Threshold[],
  observations: Observations,
  isFull = false,
): readonly Threshold[] {
  return thresholds.filter(({ signal, value, minReclaim }) => {
    const observed = observations.get(signal);
    if (observed === undefined) return false;
    const { capacity, available } = observed;
    const more = isFull && minReclaim !== undefined ? amountOf(minReclaim, capacity) : 0;
    return available < amountOf(value, capacity) + more;
  });
}
