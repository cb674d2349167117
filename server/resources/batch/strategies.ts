import type { AnyStrategy } from '../../registry/strategy.ts';
import { cronJobStrategy } from './cronjobs.ts';
import { jobStrategy } from './jobs.ts';

export const batchStrategies: readonly AnyStrategy[] = [cronJobStrategy, jobStrategy];
