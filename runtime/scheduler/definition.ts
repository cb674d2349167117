import type { ControllerDefinition } from '../framework/controller.ts';
import type { SchedulerConfiguration } from './configuration.ts';
import type { Post } from './extenders.ts';
import { startScheduler } from './start.ts';

export const schedulerName = 'kube-scheduler';

/** The scheduler as a part that runs beside controllers, on their informers. */
export function schedulerDefinition(options: SchedulerConfiguration = {}, post?: Post): ControllerDefinition {
  return {
    name: schedulerName,
    start: (context, signal) => {
      const onError = (error: unknown): void => context.onError(error, schedulerName);
      const { ended } = startScheduler(
        { ...context, options, onError, ...(post === undefined ? {} : { post }) },
        signal,
      );
      return { name: schedulerName, queues: [], ended };
    },
  };
}
