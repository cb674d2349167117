import type { AnyStrategy } from '../../registry/strategy.ts';
import { configMapStrategy } from './config-maps.ts';
import { endpointsStrategy } from './endpoints.ts';
import { eventStrategy } from './events.ts';
import { limitRangeStrategy } from './limit-ranges.ts';
import { namespaceStrategy } from './namespaces.ts';
import { nodeStrategy } from './nodes.ts';
import { persistentVolumeClaimStrategy } from './persistent-volume-claims.ts';
import { persistentVolumeStrategy } from './persistent-volumes.ts';
import { podTemplateStrategy } from './pod-templates.ts';
import { podStrategy } from './pods.ts';
import { replicationControllerStrategy } from './replication-controllers.ts';
import { resourceQuotaStrategy } from './resource-quotas.ts';
import { secretStrategy } from './secrets.ts';
import { serviceAccountStrategy } from './service-accounts.ts';
import { serviceStrategy } from './services.ts';

export const coreStrategies: readonly AnyStrategy[] = [
  podStrategy,
  podTemplateStrategy,
  replicationControllerStrategy,
  serviceStrategy,
  endpointsStrategy,
  eventStrategy,
  configMapStrategy,
  secretStrategy,
  serviceAccountStrategy,
  namespaceStrategy,
  nodeStrategy,
  persistentVolumeStrategy,
  persistentVolumeClaimStrategy,
  limitRangeStrategy,
  resourceQuotaStrategy,
];
