import type { ApiClient } from '../api/client.ts';
import type { Clock } from '../api/clock.ts';
import { dumpPriorityLevels, dumpQueues } from '../server/flow-control/dump.ts';
import { createFlowController } from '../server/flow-control/flow-controller.ts';
import { flowMetrics } from '../server/flow-control/flow-metrics.ts';
import type { ResourceTarget } from '../server/flow-control/flow-rules.ts';
import { createFlowKeeper } from '../server/flow-control/keeper.ts';
import type { ResourceSize } from '../server/flow-control/work-width.ts';
import { createFairLimiter, createPlainLimiter, type RequestLimiter } from '../server/http/limiter.ts';
import type { ApiResponse } from '../server/http/message.ts';
import type { NonResourceCall } from '../server/http/pipeline.ts';
import type { StoredResource } from '../server/registry/resource.ts';
import type { ResourceTable } from '../server/registry/resources.ts';
import type { FlowSchema } from '../server/resources/flowcontrol/flow-schemas.ts';
import type { PriorityLevelConfiguration } from '../server/resources/flowcontrol/priority-level-configurations.ts';

export interface FlowLimits {
  readonly priorityAndFairness: boolean;
  readonly maxRequestsInFlight: number;
  readonly maxMutatingRequestsInFlight: number;
}

export interface FlowControlDeps {
  readonly limits: FlowLimits;
  readonly clock: Clock;
  readonly resources: ResourceTable;
  readonly client: ApiClient;
  onError(error: unknown): void;
}

/** The door of the server: who waits, who is refused, and what tells about it. */
export interface FlowControl extends Disposable {
  readonly limiter: RequestLimiter;
  readonly metrics: () => string;
  readonly debug: (call: NonResourceCall) => ApiResponse | undefined;
}

/** A quarter of the minute that requests are given. */
const waitLimitMs = 15_000;
/** Averages are of the first few objects. */
const sampledObjects = 16;

function sizeOf(stored: StoredResource | undefined): ResourceSize | undefined {
  if (stored === undefined) return undefined;
  const count = stored.cache.entries.size;
  let sampled = 0;
  let bytes = 0;
  if (count > 0)
    for (const { value } of stored.cache.entries.range(stored.prefix)) {
      bytes += value.length;
      if (++sampled === sampledObjects) break;
    }
  return { count, averageBytes: sampled === 0 ? 0 : bytes / sampled };
}

export function openFlowControl({ limits, clock, resources, client, onError }: FlowControlDeps): FlowControl {
  const { maxRequestsInFlight: readOnly, maxMutatingRequestsInFlight: mutating } = limits;
  const schemas = resources.stored('flowschemas.flowcontrol.apiserver.k8s.io');
  const levels = resources.stored('prioritylevelconfigurations.flowcontrol.apiserver.k8s.io');
  if (!limits.priorityAndFairness || schemas === undefined || levels === undefined) {
    return {
      limiter: createPlainLimiter({ readOnly, mutating }),
      metrics: () => '',
      debug: () => undefined,
      [Symbol.dispose]: () => undefined,
    };
  }
  const objects = <T>({ cache, prefix }: StoredResource): T[] =>
    [...cache.entries.range(prefix)].map((entry) => cache.objectOf(entry) as T);
  const flowSchemas = (): FlowSchema[] => objects<FlowSchema>(schemas);
  const priorityLevels = (): PriorityLevelConfiguration[] => objects<PriorityLevelConfiguration>(levels);
  const flows = createFlowController({ clock, serverSeats: readOnly + mutating, flowSchemas, priorityLevels });
  const keeper = createFlowKeeper({ clock, client, flowSchemas, priorityLevels, onError });
  const changed = (): void => {
    flows.invalidate();
    keeper.check();
  };
  const unlisten = [schemas, levels].map(({ cache }) => cache.listen({}, changed));
  keeper.check();
  const storedOf = ({ group, resource }: ResourceTarget): StoredResource | undefined =>
    resources.stored(group === '' ? resource : `${resource}.${group}`);
  const dumps: Readonly<Record<string, () => string>> = {
    '/debug/api_priority_and_fairness/dump_priority_levels': () => dumpPriorityLevels(flows),
    '/debug/api_priority_and_fairness/dump_queues': () => dumpQueues(flows),
  };
  return {
    limiter: createFairLimiter({
      flows,
      waitLimitMs,
      now: () => clock.now(),
      sizeOf: (target) => sizeOf(storedOf(target)),
    }),
    metrics: () => flowMetrics(flows),
    debug({ request }) {
      const body = dumps[request.path]?.();
      return body === undefined
        ? undefined
        : { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
    },
    [Symbol.dispose]() {
      keeper[Symbol.dispose]();
      for (const stop of unlisten) stop();
    },
  };
}
