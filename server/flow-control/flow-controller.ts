import type { Clock } from '../../api/clock.ts';
import type { FlowSchema } from '../resources/flowcontrol/flow-schemas.ts';
import { mandatoryFlowSchemas } from '../resources/flowcontrol/mandatory.ts';
import type { PriorityLevelConfiguration } from '../resources/flowcontrol/priority-level-configurations.ts';
import type { FlowCounts, Seat } from './fair-queues.ts';
import { dependsOnNamespace, inMatchingOrder, matchesFlowSchema, type RequestDigest } from './flow-rules.ts';
import { createPriorityLevels, type Level, type PriorityLevels } from './priority-levels.ts';
import { handOfQueues } from './shuffle-shard.ts';

/** Where requests of one kind by one user go. */
export interface Flow {
  readonly schema: string;
  readonly level: Level;
  readonly headers: Readonly<Record<string, string>>;
  readonly hand: readonly number[];
  readonly counts: FlowCounts;
}

export interface FlowControllerOptions {
  readonly clock: Pick<Clock, 'now' | 'after'>;
  /** All seats there are. */
  readonly serverSeats: number;
  flowSchemas(): readonly FlowSchema[];
  priorityLevels(): readonly PriorityLevelConfiguration[];
}

export interface FlowController {
  readonly levels: PriorityLevels;
  /** By `level/schema`. */
  readonly counts: ReadonlyMap<string, FlowCounts>;
  /** The objects have changed: they are read again for the next request. */
  invalidate(): void;
  classify(digest: RequestDigest): Flow;
  /** Undefined: refused. */
  enter(
    flow: Flow,
    work: { readonly width: number; readonly waitLimitMs: number; readonly caller: { readonly signal: AbortSignal } },
  ): Seat | undefined | Promise<Seat | undefined>;
}

/** Levels borrow from each other this often. */
const borrowingPeriodMs = 10_000;
/** Kinds of requests remembered for one user. */
const maxRemembered = 1024;

function noCounts(): FlowCounts {
  const refused = { 'queue-full': 0, 'concurrency-limit': 0, 'time-out': 0, cancelled: 0 };
  return { dispatched: 0, executing: 0, executingSeats: 0, waiting: 0, waitingSeats: 0, refused };
}

function withMandatory(schemas: readonly FlowSchema[]): FlowSchema[] {
  const missing = Object.entries(mandatoryFlowSchemas)
    .filter(([name]) => !schemas.some(({ metadata }) => metadata?.name === name))
    .map(([name, spec]): FlowSchema => ({ metadata: { name }, spec }));
  return inMatchingOrder([...schemas, ...missing]);
}

/** Puts requests into flows and flows into priority levels. What was found out is remembered by user until an object changes. */
export function createFlowController(options: FlowControllerOptions): FlowController {
  const { clock } = options;
  const levels = createPriorityLevels(clock, options.serverSeats);
  const counts = new Map<string, FlowCounts>();
  let isFresh = false;
  let schemas: readonly FlowSchema[] = [];
  let byNamespace = false;
  let remembered = new WeakMap<object, Map<string, Flow>>();
  let hands = new Map<string, readonly number[]>();
  let isBorrowing = false;

  const refresh = (): void => {
    isFresh = true;
    levels.digest(options.priorityLevels());
    schemas = withMandatory(options.flowSchemas()).filter(({ spec }) => {
      const level = levels.all.get(spec?.priorityLevelConfiguration?.name ?? '');
      return level !== undefined && !level.isQuiescing;
    });
    byNamespace = schemas.some(dependsOnNamespace);
    remembered = new WeakMap();
    hands = new Map();
  };
  // Only while something goes on: a server at rest has no timer.
  const keepBorrowing = (): void => {
    if (isBorrowing) return;
    isBorrowing = true;
    clock.after(borrowingPeriodMs, () => {
      isBorrowing = false;
      levels.borrow();
      if ([...levels.all.values()].some(({ queues, demand }) => !queues.isIdle || demand.highWatermark > 0))
        keepBorrowing();
    });
  };
  const handOf = (schema: FlowSchema, level: Level, { user, target }: RequestDigest): readonly number[] => {
    if (level.queuing === undefined) return [];
    const method = schema.spec?.distinguisherMethod?.type;
    const distinguisher =
      method === 'ByUser' ? user.username : method === 'ByNamespace' ? (target?.namespace ?? '') : '';
    const flow = `${schema.metadata?.name}\0${distinguisher}`;
    let hand = hands.get(flow);
    if (hand === undefined) {
      hand = handOfQueues(flow, level.queuing.queues, level.queuing.handSize);
      if (hands.size >= maxRemembered) hands.clear();
      hands.set(flow, hand);
    }
    return hand;
  };
  const find = (digest: RequestDigest): Flow => {
    const schema = schemas.find((candidate) => matchesFlowSchema(digest, candidate)) ?? schemas.at(-1) ?? {};
    const level = levels.all.get(schema.spec?.priorityLevelConfiguration?.name ?? '') ?? present(levels);
    const name = schema.metadata?.name ?? '';
    const key = `${level.name}/${name}`;
    const known = counts.get(key) ?? noCounts();
    counts.set(key, known);
    return {
      schema: name,
      level,
      hand: handOf(schema, level, digest),
      counts: known,
      headers: {
        'x-kubernetes-pf-flowschema-uid': schema.metadata?.uid ?? '',
        'x-kubernetes-pf-prioritylevel-uid': level.uid,
      },
    };
  };
  return {
    levels,
    counts,
    invalidate() {
      isFresh = false;
    },
    classify(digest) {
      if (!isFresh) refresh();
      const { user, verb, path, target } = digest;
      const key =
        target === undefined
          ? `${verb} ${path}`
          : `${verb} ${target.resource}/${target.subresource}.${target.group} ${byNamespace ? target.namespace : target.namespace !== ''}`;
      let flows = remembered.get(user);
      if (flows === undefined) {
        flows = new Map();
        remembered.set(user, flows);
      }
      let flow = flows.get(key);
      if (flow === undefined) {
        flow = find(digest);
        if (flows.size >= maxRemembered) flows.clear();
        flows.set(key, flow);
      }
      return flow;
    },
    enter(flow, { width, waitLimitMs, caller }) {
      keepBorrowing();
      return flow.level.queues.enter({ width, hand: flow.hand, counts: flow.counts, waitLimitMs, caller });
    },
  };
}

/** The level of last resort is always there. */
function present(levels: PriorityLevels): Level {
  const level = levels.all.get('catch-all');
  if (level === undefined) throw new Error('no priority level catch-all');
  return level;
}
