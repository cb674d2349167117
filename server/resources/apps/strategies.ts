import type { AnyStrategy } from '../../registry/strategy.ts';
import { controllerRevisionStrategy } from './controllerrevisions.ts';
import { daemonSetStrategy } from './daemonsets.ts';
import { deploymentStrategy } from './deployments.ts';
import { replicaSetStrategy } from './replicasets.ts';
import { statefulSetStrategy } from './statefulsets.ts';

export const appsStrategies: readonly AnyStrategy[] = [
  controllerRevisionStrategy,
  daemonSetStrategy,
  deploymentStrategy,
  replicaSetStrategy,
  statefulSetStrategy,
];
