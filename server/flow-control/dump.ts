import type { FlowController } from './flow-controller.ts';
import type { Level } from './priority-levels.ts';

/** Columns as Go's tabwriter sets them: a comma behind each but the last, one blank between. */
function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(8, ...rows.map((row) => (row[i] ?? '').length + 2)));
  return rows
    .map((row) => row.map((cell, i) => (i < row.length - 1 ? `${cell},`.padEnd(widths[i] ?? 0) : cell)).join(''))
    .map((line) => `${line}\n`)
    .join('');
}

function sortedLevels(flows: FlowController): Level[] {
  return [...flows.levels.all.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function totals(flows: FlowController, level: string): { dispatched: number; rejected: number; gone: number } {
  let dispatched = 0;
  let rejected = 0;
  let gone = 0;
  for (const [key, counts] of flows.counts) {
    if (!key.startsWith(`${level}/`)) continue;
    dispatched += counts.dispatched;
    gone += counts.refused['time-out'] + counts.refused.cancelled;
    rejected += Object.values(counts.refused).reduce((all, count) => all + count, 0);
  }
  return { dispatched, rejected, gone };
}

export function dumpPriorityLevels(flows: FlowController): string {
  const head =
    'PriorityLevelName ActiveQueues IsIdle IsQuiescing WaitingRequests ExecutingRequests DispatchedRequests RejectedRequests TimedoutRequests CancelledRequests';
  const rows = sortedLevels(flows).map(({ name, queues, isQuiescing }) => {
    const { dispatched, rejected, gone } = totals(flows, name);
    const active = queues.queues.filter(({ waiting }) => waiting.size > 0).length;
    // Upstream counts those that waited too long among the cancelled.
    const counts = [queues.waiting, queues.executing, dispatched, rejected, 0, gone];
    return [name, String(active), String(queues.isIdle), String(isQuiescing), ...counts.map(String)];
  });
  return aligned([head.split(' '), ...rows]);
}

export function dumpQueues(flows: FlowController): string {
  const head =
    'PriorityLevelName Index PendingRequests ExecutingRequests SeatsInUse NextDispatchR InitialSeatsSum MaxSeatsSum TotalWorkSum';
  const rows = sortedLevels(flows).flatMap(({ name, queues }) =>
    queues.queues.map(({ waiting, executing, seatsInUse, seatsWaiting, due }, i) => [
      name,
      ...[i, waiting.size, executing, seatsInUse].map(String),
      `${(due / 1000).toFixed(8)}ss`,
      String(seatsWaiting),
      String(seatsWaiting),
      `${((seatsWaiting * 3) / 1000).toFixed(8)}ss`,
    ]),
  );
  return aligned([head.split(' '), ...rows]);
}
