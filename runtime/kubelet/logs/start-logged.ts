import type { Clock } from '../../../api/clock.ts';
import type { ContainerConfig, StartedContainer } from '../pod-runtime.ts';
import type { ContainerLogs } from './container-logs.ts';
import type { LogBudget } from './log-budget.ts';

/** Starts a container whose words are kept: an attempt that does not start leaves the log before it as it is. */
export async function startLogged(
  logs: ContainerLogs,
  clock: Clock,
  start: (log: ContainerConfig['log']) => Promise<StartedContainer>,
  budget?: LogBudget,
): Promise<StartedContainer> {
  const buffer = logs.open(clock, budget);
  const started = await start((stream, text) => buffer.write(stream, text));
  logs.started(buffer);
  void started.exited.then(() => buffer.end());
  return started;
}
