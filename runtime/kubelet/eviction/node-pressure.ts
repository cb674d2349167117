import {
  type EvictionSettings,
  type Observations,
  type Pressure,
  signals,
  type Threshold,
  thresholdsMet,
} from './thresholds.ts';

/** What a node is short of, as one look after another shows it. */
export class NodePressure {
  readonly #settings: EvictionSettings;
  #metBefore: readonly Threshold[] = [];
  /** Since when thresholds are undercut, and when conditions were so last. */
  #firstMet = new Map<Threshold, number>();
  #lastSeen = new Map<Pressure, number>();
  #conditions: readonly Pressure[] = [];

  constructor(settings: EvictionSettings) {
    this.#settings = settings;
  }

  /** What the node is said to suffer from. */
  get conditions(): readonly Pressure[] {
    return this.#conditions;
  }

  /** Nothing is undercut, and nothing said of what was. */
  get isOver(): boolean {
    return this.#firstMet.size === 0 && this.#conditions.length === 0;
  }

  /** The thresholds because of which something is to be done now, the most urgent first. */
  see(observations: Observations, now: number): readonly Threshold[] {
    const { thresholds, transitionMs } = this.#settings;
    const met = new Set([
      ...thresholdsMet(thresholds, observations),
      // Who has begun goes on until enough is free.
      ...thresholdsMet(this.#metBefore, observations, true),
    ]);
    this.#firstMet = new Map([...met].map((threshold) => [threshold, this.#firstMet.get(threshold) ?? now]));
    for (const { signal } of met) this.#lastSeen.set(signals[signal].condition, now);
    for (const [condition, at] of this.#lastSeen) if (now - at >= transitionMs) this.#lastSeen.delete(condition);
    this.#conditions = [...this.#lastSeen.keys()];
    this.#metBefore = [...this.#firstMet].flatMap(([threshold, at]) =>
      now - at < threshold.graceMs ? [] : [threshold],
    );
    const isMemory = ({ signal }: Threshold): boolean => signals[signal].resource === 'memory';
    return this.#metBefore.toSorted((a, b) => Number(isMemory(b)) - Number(isMemory(a)));
  }
}
