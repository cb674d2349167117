import type { AnyStrategy } from '../../registry/strategy.ts';
import { priorityClasses } from './priority-classes.ts';

export const schedulingStrategies: readonly AnyStrategy[] = [priorityClasses];
