import type { Clock } from '../../../api/clock.ts';
import type { ContainerConfig, DiskUsage, StartedContainer } from '../pod-runtime.ts';
import type { ContainerLogs } from './container-logs.ts';
import type { LogBudget } from './log-budget.ts';

/** Starts a container whose words are kept: an attempt that does not start leaves the log before it as it is. */
export async function startLogged(
  logs: ContainerLogs,
  clock: Clock,
  start: (log: ContainerConfig['log']) => Promise<StartedContainer>,
  { budget, onWritten }: { readonly budget?: LogBudget | undefined; onWritten?(more: DiskUsage): void } = {},
): Promise<StartedContainer> {
  const buffer = logs.open(clock, budget);
  const started = await start((stream, text) => {
    const before = buffer.storedBytes;
    buffer.write(stream, text);
    if (buffer.storedBytes > before) onWritten?.({ bytes: buffer.storedBytes - before, files: 0 });
  });
  logs.started(buffer);
  void started.exited.then(() => buffer.end());
  return started;
}
