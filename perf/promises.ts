import { comparesOf, type Scenario } from './catalog.ts';
import { figureOf, type Load, type Results, type ServerResult, summaryOf, timesBetter } from './results.ts';

/** perf/thresholds.json: how many times the other's rate, what part of its memory, how soon ready, how late an event. */
export interface Thresholds {
  readonly rates: { readonly default: number } & Readonly<Partial<Record<Scenario, number>>>;
  /** 99 of 100 within this many milliseconds, whatever the other server does. */
  readonly p99Ms: Readonly<Partial<Record<Scenario, number>>>;
  readonly idleMemory: number;
  readonly loadedMemory: number;
  readonly readyMs: number;
  /** The part by which a result may be worse than the baseline's before it is called a regression. */
  readonly regression: number;
}

const at = (load: Load, many: boolean) => (many ? ` with ${load.pods} pods` : '');

function ratesShort(thresholds: Thresholds, scenarios: readonly Scenario[], ours: Load, theirs: Load, note: string) {
  const found: string[] = [];
  for (const scenario of scenarios) {
    const [own, other] = [summaryOf(ours.turns[scenario]), summaryOf(theirs.turns[scenario])];
    if (own === undefined) {
      found.push(`${scenario}${note}: not measured`);
      continue;
    }
    if (comparesOf(scenario) === 'rate') {
      const wanted = thresholds.rates[scenario] ?? thresholds.rates.default;
      const times = timesBetter('rate', own, other);
      if (times === undefined || times < wanted) {
        found.push(`${scenario}${note}: ${times?.toFixed(2) ?? 'unknown'} times the rate, wanted ${wanted}`);
      }
    }
    const most = thresholds.p99Ms[scenario];
    if (most !== undefined && own.p99 > most) {
      found.push(`${scenario}${note}: 99 of 100 within ${own.p99.toFixed(1)} ms, wanted ${most}`);
    }
    if (own.failed > 0) found.push(`${scenario}${note}: ${(own.failed * 100).toFixed(2)} % failed`);
  }
  return found;
}

/** What falls short of the thresholds, in words; nothing when all are met. */
export function shortfalls(
  thresholds: Thresholds,
  scenarios: readonly Scenario[],
  subject: ServerResult,
  other: ServerResult,
): string[] {
  const found: string[] = [];
  const part = (what: string, ours: number | undefined, theirs: number | undefined, most: number) => {
    if (ours === undefined || theirs === undefined) return;
    if (ours > theirs * most) {
      found.push(`${what}: ${(ours / theirs).toFixed(2)} of the memory, wanted at most ${most}`);
    }
  };
  part('idle', subject.idleBytes, other.idleBytes, thresholds.idleMemory);
  for (const ours of subject.loads) {
    const theirs = other.loads.find((load) => load.pods === ours.pods);
    if (theirs === undefined) continue;
    const note = at(ours, subject.loads.length > 1);
    found.push(...ratesShort(thresholds, scenarios, ours, theirs, note));
    part(`loaded${note}`, ours.loadedBytes, theirs.loadedBytes, thresholds.loadedMemory);
  }
  if ((subject.readyMs ?? 0) > thresholds.readyMs) {
    found.push(`ready after ${subject.readyMs?.toFixed(0)} ms, wanted ${thresholds.readyMs}`);
  }
  return found;
}

interface Figure {
  readonly what: string;
  readonly value: number;
}

/** Figures of which more is better. With a second server they are relative to it, and so say little of the machine. */
function figuresOf({ scenarios, servers }: Results): Figure[] {
  const [subject, other] = servers;
  const figures: Figure[] = [];
  const less = (what: string, ours: number | undefined, theirs: number | undefined) => {
    if (ours === undefined || ours === 0 || (other !== undefined && theirs === undefined)) return;
    figures.push({ what, value: (theirs ?? 1) / ours });
  };
  less('memory when idle', subject?.idleBytes, other?.idleBytes);
  less('time to ready', subject?.readyMs, other?.readyMs);
  for (const ours of subject?.loads ?? []) {
    const theirs = other?.loads.find((load) => load.pods === ours.pods);
    less(`memory with ${ours.pods} pods`, ours.loadedBytes, theirs?.loadedBytes);
    for (const scenario of scenarios) {
      const compares = comparesOf(scenario);
      const own = summaryOf(ours.turns[scenario]);
      const figure = own === undefined ? 0 : figureOf(compares, own);
      const alone = figure === 0 ? undefined : compares === 'rate' ? figure : 1 / figure;
      const value = other === undefined ? alone : timesBetter(compares, own, summaryOf(theirs?.turns[scenario]));
      if (value !== undefined) figures.push({ what: `${scenario} with ${ours.pods} pods`, value });
    }
  }
  return figures;
}

/** What is worse than in the baseline by more than the tolerated part. Only what both runs measured is compared. */
export function regressions(now: Results, baseline: Results, tolerated: number): string[] {
  if (now.servers.length !== baseline.servers.length) {
    throw new Error('the baseline was made with another number of servers: compare like with like');
  }
  const before = new Map(figuresOf(baseline).map(({ what, value }) => [what, value]));
  return figuresOf(now).flatMap(({ what, value }) => {
    const old = before.get(what);
    if (old === undefined || value >= old * (1 - tolerated)) return [];
    return [`${what}: ${((1 - value / old) * 100).toFixed(0)} % worse than on ${baseline.date.slice(0, 10)}`];
  });
}
