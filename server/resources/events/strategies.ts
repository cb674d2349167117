import type { AnyStrategy } from '../../registry/strategy.ts';

/** None: `events.events.k8s.io` is another version of the core group's events; see conversions. */
export const eventsStrategies: readonly AnyStrategy[] = [];
