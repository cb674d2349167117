import type { AnyStrategy } from '../../registry/strategy.ts';
import { endpointSliceStrategy } from './endpoint-slices.ts';

export const discoveryStrategies: readonly AnyStrategy[] = [endpointSliceStrategy];
