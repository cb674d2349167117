import { parseQuantity } from '../../../api/quantity.ts';
import { type Amount, type EvictionSettings, percent, type Signal, signals, type Threshold } from './thresholds.ts';

type Statements = ReadonlyMap<string, string>;

/** What flags say of thresholds; those without are empty. */
export interface ThresholdStatements {
  readonly hard: Statements;
  readonly soft: Statements;
  readonly softGrace: Statements;
  readonly minReclaim: Statements;
}

/** `memory.available<100Mi,nodefs.available<10%`, or with `=` in the place of `<`. Throws in upstream's words. */
export function parseStatements(text: string, sign: '<' | '='): Statements {
  const pairs = text.split(',').filter((pair) => pair !== '');
  return new Map(
    pairs.map((pair) => {
      const at = pair.indexOf(sign);
      if (at < 0) throw new Error(`malformed pair, expect string${sign}string`);
      return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
    }),
  );
}

/** Throws in upstream's words. `durationOf` reads a period in milliseconds. */
export function parseThresholds(
  { hard, soft, softGrace, minReclaim }: ThresholdStatements,
  durationOf: (text: string) => number,
): readonly Threshold[] {
  const graces = new Map([...softGrace].map(([name, text]) => [signalOf(name), graceOf(text, durationOf)]));
  const reclaims = new Map([...minReclaim].map(([name, text]) => [signalOf(name), reclaimOf(name, text)]));
  const all = [
    ...[...hard].map((statement) => thresholdOf(statement, () => 0)),
    ...[...soft].map((statement) =>
      thresholdOf(statement, (signal) => {
        const grace = graces.get(signal);
        if (grace === undefined)
          throw new Error(`grace period must be specified for the soft eviction threshold ${signal}`);
        return grace;
      }),
    ),
  ].filter((threshold) => threshold !== undefined);
  const known = all
    // On one file system these are as the node's own, whatever is said of them.
    .filter(({ signal }) => !signal.startsWith('containerfs.'))
    .map((threshold) => {
      const reclaim = reclaims.get(threshold.signal);
      return reclaim === undefined ? threshold : { ...threshold, minReclaim: reclaim };
    });
  const ofPods = known
    .filter(({ signal, graceMs }) => signal === 'memory.available' && graceMs === 0)
    .map((threshold) => ({ ...threshold, signal: 'allocatableMemory.available' as const }));
  return [...known, ...ofPods];
}

function isSignal(name: string): name is Signal {
  return Object.hasOwn(signals, name);
}

function signalOf(name: string): Signal {
  if (!isSignal(name)) throw new Error(`unsupported eviction signal ${name}`);
  return name;
}

/** Undefined: it says that there is none. */
function thresholdOf(
  [name, text]: readonly [string, string],
  graceOf: (signal: Signal) => number,
): Threshold | undefined {
  const signal = signalOf(name);
  const value = parseAmount(signal, text);
  return value === undefined ? undefined : { signal, value, graceMs: graceOf(signal) };
}

function parseAmount(signal: Signal, text: string): Amount | undefined {
  if (text === '0%' || text === '100%') return undefined;
  if (text.endsWith('%')) {
    const value = percentOf(text);
    if (value < 0) throw new Error(`eviction percentage threshold ${signal} must be >= 0%: ${text}`);
    if (value > 100) throw new Error(`eviction percentage threshold ${signal} must be <= 100%: ${text}`);
    return percent(value);
  }
  const quantity = parseQuantity(text);
  if (quantity.sign() !== 1) throw new Error(`eviction threshold ${signal} must be positive: ${quantity}`);
  return { quantity };
}

function percentOf(text: string): number {
  const number = text.replace(/%+$/, '');
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(number))
    throw new Error(`strconv.ParseFloat: parsing ${JSON.stringify(number)}: invalid syntax`);
  return Number(number);
}

function graceOf(text: string, durationOf: (text: string) => number): number {
  if (text.startsWith('-'))
    throw new Error(`invalid eviction grace period specified: ${text}, must be a positive value`);
  return durationOf(text);
}

function reclaimOf(name: string, text: string): Amount {
  if (text.endsWith('%')) {
    const value = percentOf(text);
    if (value <= 0) throw new Error(`eviction percentage minimum reclaim ${name} must be positive: ${text}`);
    return percent(value);
  }
  const quantity = parseQuantity(text);
  if (quantity.sign() < 0) throw new Error(`negative eviction minimum reclaim specified for ${name}`);
  return { quantity };
}

/** Upstream's, where nobody says otherwise. */
export const defaultHard =
  'memory.available<100Mi,nodefs.available<10%,nodefs.inodesFree<5%,imagefs.available<15%,imagefs.inodesFree<5%';

export const defaultSettings: EvictionSettings = {
  thresholds: parseThresholds(
    { hard: parseStatements(defaultHard, '<'), soft: new Map(), softGrace: new Map(), minReclaim: new Map() },
    () => 0,
  ),
  maxPodGraceSeconds: 0,
  transitionMs: 5 * 60_000,
};
