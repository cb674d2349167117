import type { Behavior, ScalingRules } from './autoscaler.ts';

interface Recommendation {
  readonly replicas: number;
  readonly at: number;
}

/** What was recommended and done for one autoscaler, as long as its windows reach back. */
export interface History {
  recommendations: Recommendation[];
  grown: Recommendation[];
  shrunk: Recommendation[];
}

export function newHistory(): History {
  return { recommendations: [], grown: [], shrunk: [] };
}

export interface Scaling {
  readonly current: number;
  readonly desired: number;
  readonly min: number;
  readonly max: number;
  readonly now: number;
  readonly downscaleStabilizationMs: number;
}

interface Stated {
  readonly reason: string;
  readonly message: string;
}

export interface Decision {
  readonly replicas: number;
  readonly ableToScale: Stated;
  readonly scalingLimited: Stated & { readonly isLimited: boolean };
}

const stabilizedUp: Stated = {
  reason: 'ScaleUpStabilized',
  message: 'recent recommendations were lower than current one, applying the lowest recent recommendation',
};
const stabilizedDown: Stated = {
  reason: 'ScaleDownStabilized',
  message: 'recent recommendations were higher than current one, applying the highest recent recommendation',
};
const ready: Stated = { reason: 'ReadyForNewScale', message: 'recommended size matches current size' };
const within: Stated = {
  reason: 'DesiredWithinRange',
  message: 'the desired count is within the acceptable range',
};
const tooFast: Stated = {
  reason: 'ScaleUpLimit',
  message: 'the desired replica count is increasing faster than the maximum scale rate',
};
const tooFastDown: Stated = {
  reason: 'ScaleDownLimit',
  message: 'the desired replica count is decreasing faster than the maximum scale rate',
};
const tooMany: Stated = {
  reason: 'TooManyReplicas',
  message: 'the desired replica count is more than the maximum replica count',
};
const tooFew: Stated = {
  reason: 'TooFewReplicas',
  message: 'the desired replica count is less than the minimum replica count',
};

function decided(scaling: Scaling, stabilized: number, stated: Stated, limit: [number, Stated]): Decision {
  const [replicas, limiting] = limit;
  return {
    replicas,
    ableToScale: stabilized === scaling.desired ? ready : stated,
    scalingLimited: { ...limiting, isLimited: replicas !== stabilized },
  };
}

/** What becomes of a recommendation; remembers it. */
export function decide(scaling: Scaling, history: History, behavior: Behavior | undefined): Decision {
  return behavior === undefined ? decideByDefault(scaling, history) : decideBy(scaling, history, behavior);
}

function remember({ recommendations }: History, { desired, now }: Scaling, cutoff: number): Recommendation[] {
  return [...recommendations.filter(({ at }) => at >= cutoff), { replicas: desired, at: now }];
}

/** Down only to the highest of the last five minutes, up to twice as many or four. */
function decideByDefault(scaling: Scaling, history: History): Decision {
  const { current, desired, min, max, now, downscaleStabilizationMs } = scaling;
  history.recommendations = remember(history, scaling, now - downscaleStabilizationMs);
  const stabilized = Math.max(...history.recommendations.map(({ replicas }) => replicas), desired);
  const fastest = Math.max(2 * current, 4);
  const upper: [number, Stated] = max > fastest ? [fastest, tooFast] : [max, tooMany];
  if (stabilized < min) return decided(scaling, stabilized, stabilizedDown, [min, tooFew]);
  return decided(scaling, stabilized, stabilizedDown, stabilized > upper[0] ? upper : [stabilized, within]);
}

function decideBy(scaling: Scaling, history: History, { scaleUp = {}, scaleDown = {} }: Behavior): Decision {
  const { current, desired, min, max, now, downscaleStabilizationMs } = scaling;
  const upFrom = now - (scaleUp.stabilizationWindowSeconds ?? 0) * 1000;
  const downSeconds = scaleDown.stabilizationWindowSeconds ?? downscaleStabilizationMs / 1000;
  const downFrom = now - downSeconds * 1000;
  let up = desired;
  let down = desired;
  for (const { replicas, at } of history.recommendations) {
    if (at > upFrom) up = Math.min(up, replicas);
    if (at > downFrom) down = Math.max(down, replicas);
  }
  const stabilized = Math.min(Math.max(current, up), down);
  history.recommendations = remember(history, scaling, Math.min(upFrom, downFrom));
  const stated = desired >= current ? stabilizedUp : stabilizedDown;
  let limit: [number, Stated] = [stabilized, within];
  if (stabilized > current) {
    const fastest = Math.max(growthLimit(current, history, scaleUp, now), current);
    const upper: [number, Stated] = max > fastest ? [fastest, tooFast] : [max, tooMany];
    if (stabilized > upper[0]) limit = upper;
  } else if (stabilized < current) {
    const fastest = Math.min(shrinkLimit(current, history, scaleDown, now), current);
    const lower: [number, Stated] = min < fastest ? [fastest, tooFastDown] : [min, tooFew];
    if (stabilized < lower[0]) limit = lower;
  }
  return decided(scaling, stabilized, stated, limit);
}

function changed(events: readonly Recommendation[], periodSeconds: number, now: number): number {
  const recent = events.filter(({ at }) => at > now - periodSeconds * 1000);
  return recent.reduce((total, { replicas }) => total + replicas, 0);
}

/** How many there were when a policy's period began. */
function atStart(current: number, { grown, shrunk }: History, periodSeconds: number, now: number): number {
  return current - changed(grown, periodSeconds, now) + changed(shrunk, periodSeconds, now);
}

function growthLimit(current: number, history: History, rules: ScalingRules, now: number): number {
  if (rules.selectPolicy === 'Disabled') return current;
  const limits = (rules.policies ?? []).map(({ type, value = 0, periodSeconds = 0 }) => {
    const start = atStart(current, history, periodSeconds, now);
    return type === 'Pods' ? start + value : Math.ceil(start * (1 + value / 100));
  });
  return rules.selectPolicy === 'Min' ? Math.min(...limits) : Math.max(...limits);
}

function shrinkLimit(current: number, history: History, rules: ScalingRules, now: number): number {
  if (rules.selectPolicy === 'Disabled') return current;
  const limits = (rules.policies ?? []).map(({ type, value = 0, periodSeconds = 0 }) => {
    const start = atStart(current, history, periodSeconds, now);
    return type === 'Pods' ? start - value : Math.trunc(start * (1 - value / 100));
  });
  return rules.selectPolicy === 'Min' ? Math.max(...limits) : Math.min(...limits);
}

/** Remembers a change of size as long as a policy asks for it. */
export function rememberScaling(
  history: History,
  behavior: Behavior | undefined,
  { current, desired, now }: Pick<Scaling, 'current' | 'desired' | 'now'>,
): void {
  if (behavior === undefined) return;
  const keep = (events: readonly Recommendation[], rules: ScalingRules = {}): Recommendation[] => {
    const longest = Math.max(0, ...(rules.policies ?? []).map(({ periodSeconds = 0 }) => periodSeconds));
    const kept = events.filter(({ at }) => at >= now - longest * 1000);
    return [...kept, { replicas: Math.abs(desired - current), at: now }];
  };
  if (desired > current) history.grown = keep(history.grown, behavior.scaleUp);
  else history.shrunk = keep(history.shrunk, behavior.scaleDown);
}
