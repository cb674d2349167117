import type { AnyStrategy } from '../../registry/strategy.ts';
import { podDisruptionBudgetStrategy } from './poddisruptionbudgets.ts';

export const policyStrategies: readonly AnyStrategy[] = [podDisruptionBudgetStrategy];
