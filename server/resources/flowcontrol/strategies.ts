import type { AnyStrategy } from '../../registry/strategy.ts';
import { flowSchemas } from './flow-schemas.ts';
import { priorityLevelConfigurations } from './priority-level-configurations.ts';

export const flowcontrolStrategies: readonly AnyStrategy[] = [flowSchemas, priorityLevelConfigurations];
