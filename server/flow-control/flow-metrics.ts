import type { FlowCounts } from './fair-queues.ts';
import type { FlowController } from './flow-controller.ts';
import type { Level } from './priority-levels.ts';

interface Metric {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
}

const byLevel: readonly (Metric & { value(level: Level): number })[] = [
  {
    name: 'nominal_limit_seats',
    type: 'gauge',
    help: 'Seats that a priority level is configured to have.',
    value: ({ nominalSeats }) => nominalSeats,
  },
  {
    name: 'lower_limit_seats',
    type: 'gauge',
    help: 'Seats that a priority level never lends.',
    value: ({ lowerSeats }) => lowerSeats,
  },
  {
    name: 'upper_limit_seats',
    type: 'gauge',
    help: 'Seats that a priority level has when it borrows all it may.',
    value: ({ upperSeats }) => upperSeats,
  },
  {
    name: 'current_limit_seats',
    type: 'gauge',
    help: 'Seats that a priority level has now.',
    value: ({ currentSeats }) => currentSeats,
  },
  {
    name: 'demand_seats_high_watermark',
    type: 'gauge',
    help: 'Most seats asked for in the last period.',
    value: ({ demand }) => demand.highWatermark,
  },
  {
    name: 'demand_seats_average',
    type: 'gauge',
    help: 'Seats asked for in the last period, on average.',
    value: ({ demand }) => demand.average,
  },
  {
    name: 'demand_seats_stdev',
    type: 'gauge',
    help: 'Standard deviation of the seats asked for in the last period.',
    value: ({ demand }) => demand.deviation,
  },
  {
    name: 'demand_seats_smoothed',
    type: 'gauge',
    help: 'Demand for seats, smoothed over periods.',
    value: ({ demand }) => demand.smoothed,
  },
  {
    name: 'target_seats',
    type: 'gauge',
    help: 'What seats are shared out by.',
    value: ({ demand }) => demand.target,
  },
];

const byFlow: readonly (Metric & { value(counts: FlowCounts): number })[] = [
  {
    name: 'current_executing_requests',
    type: 'gauge',
    help: 'Requests that run; of a watch only its beginning.',
    value: ({ executing }) => executing,
  },
  {
    name: 'current_executing_seats',
    type: 'gauge',
    help: 'Seats of the requests that run.',
    value: ({ executingSeats }) => executingSeats,
  },
  {
    name: 'current_inqueue_requests',
    type: 'gauge',
    help: 'Requests that wait.',
    value: ({ waiting }) => waiting,
  },
  {
    name: 'current_inqueue_seats',
    type: 'gauge',
    help: 'Seats of the requests that wait.',
    value: ({ waitingSeats }) => waitingSeats,
  },
  {
    name: 'dispatched_requests_total',
    type: 'counter',
    help: 'Requests that were let through.',
    value: ({ dispatched }) => dispatched,
  },
];

function lines({ name, type, help }: Metric, samples: readonly string[]): string {
  const full = `apiserver_flowcontrol_${name}`;
  return [`# HELP ${full} ${help}`, `# TYPE ${full} ${type}`, ...samples.map((sample) => `${full}${sample}`), ''].join(
    '\n',
  );
}

function labelsOf(key: string): string {
  const slash = key.indexOf('/');
  return `flow_schema="${key.slice(slash + 1)}",priority_level="${key.slice(0, slash)}"`;
}

/** Under upstream's names, in the text format; read when somebody asks. */
export function flowMetrics(flows: FlowController): string {
  const levels = [...flows.levels.all.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const counts = [...flows.counts].sort(([a], [b]) => (a < b ? -1 : 1));
  const rejected = counts.flatMap(([key, { refused }]) =>
    Object.entries(refused)
      .filter(([, count]) => count > 0)
      .map(([reason, count]) => `{${labelsOf(key)},reason="${reason}"} ${count}`),
  );
  return [
    ...byLevel.map((metric) =>
      lines(
        metric,
        levels.map((level) => `{priority_level="${level.name}"} ${metric.value(level)}`),
      ),
    ),
    ...byFlow.map((metric) =>
      lines(
        metric,
        counts.map(([key, count]) => `{${labelsOf(key)}} ${metric.value(count)}`),
      ),
    ),
    lines({ name: 'rejected_requests_total', type: 'counter', help: 'Requests that were refused.' }, rejected),
    lines({ name: 'seat_fair_frac', type: 'gauge', help: 'Fraction of its target that each level got.' }, [
      ` ${flows.levels.fairFraction}`,
    ]),
  ].join('');
}
