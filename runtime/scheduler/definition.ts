import type { ControllerDefinition } from '../framework/controller.ts';
import type { SchedulerConfiguration } from './configuration.ts';
import { startScheduler } from './start.ts';

export const schedulerName = 'kube-scheduler';

/** The scheduler as a part that runs beside controllers, on their informers. */
export function schedulerDefinition(options: SchedulerConfiguration = {}): ControllerDefinition {
  return {
    name: schedulerName,
    start: (context, signal) => {
      const onError = (error: unknown): void => context.onError(error, schedulerName);
      const { ended } = startScheduler({ ...context, options, onError }, signal);
      return { name: schedulerName, queues: [], ended };
    },
  };
}
