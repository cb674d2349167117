import type { AnyStrategy } from '../../registry/strategy.ts';
import { runtimeClasses } from './runtime-classes.ts';

export const nodeStrategies: readonly AnyStrategy[] = [runtimeClasses];
