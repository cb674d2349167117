import type { AnyStrategy } from '../../registry/strategy.ts';
import { horizontalPodAutoscalerStrategy } from './horizontalpodautoscalers.ts';

export const autoscalingStrategies: readonly AnyStrategy[] = [horizontalPodAutoscalerStrategy];
