import type { AnyStrategy } from '../../registry/strategy.ts';
import { apiServices } from './api-services.ts';

export const apiregistrationStrategies: readonly AnyStrategy[] = [apiServices];
