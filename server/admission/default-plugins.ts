import type { Clock, Random } from '../../api/clock.ts';
import type { ClusterReader } from '../registry/strategy.ts';
import type { AdmissionPlugin } from './plugin.ts';
import { createDefaultTolerationSeconds } from './plugins/default-toleration-seconds.ts';
import { createLimitRanger } from './plugins/limit-ranger.ts';
import { createNamespaceLifecycle } from './plugins/namespace-lifecycle.ts';
import { createPodResizeValidator } from './plugins/pod-resize.ts';
import { createPodTopologyLabels } from './plugins/pod-topology-labels.ts';
import { createPriorityAdmission } from './plugins/priority.ts';
import { createRuntimeClassAdmission } from './plugins/runtime-class.ts';
import { createServiceAccountAdmission } from './plugins/service-account.ts';

export interface AdmissionDeps {
  readonly reader: ClusterReader;
  readonly random: Random;
  readonly clock: Clock;
}

/** The plug-ins that are on unless flags say otherwise; the chain puts them in upstream's order. */
export function defaultAdmissionPlugins(deps: AdmissionDeps): readonly AdmissionPlugin[] {
  const { reader } = deps;
  return [
    createNamespaceLifecycle(reader),
    createLimitRanger(reader),
    createServiceAccountAdmission(deps),
    createPriorityAdmission(reader),
    createDefaultTolerationSeconds(),
    createRuntimeClassAdmission(reader),
    createPodTopologyLabels(reader),
    createPodResizeValidator(reader),
  ];
}
