import type { Strategy } from '../../registry/strategy.ts';
import type { Pod } from './pod-types.ts';

export const podStrategy: Strategy<Pod> = { resource: 'pods', allowUnconditionalUpdate: true, generation: false };
