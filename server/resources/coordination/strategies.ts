import type { AnyStrategy } from '../../registry/strategy.ts';
import { leaseCandidateStrategy } from './lease-candidates.ts';
import { leaseStrategy } from './leases.ts';

export const coordinationStrategies: readonly AnyStrategy[] = [leaseStrategy, leaseCandidateStrategy];
