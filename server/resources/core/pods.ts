import type { Strategy } from '../../registry/strategy.ts';
import { validatePodCreate } from './pod-create.ts';
import { defaultPod } from './pod-defaults.ts';
import { dropDisabledSpecFields } from './pod-disabled-fields.ts';
import { appArmorAnnotationWarnings, preparePod } from './pod-prepare.ts';
import { prepareResize, validateResize } from './pod-resize.ts';
import { prepareStatusUpdate, statusWarnings, validateStatusUpdate } from './pod-status.ts';
import { prepareEphemeralContainers, validateEphemeralContainersUpdate } from './pod-subresource.ts';
import type { Pod } from './pod-types.ts';
import { validatePodUpdate } from './pod-update.ts';
import { podWarnings } from './pod-warnings.ts';

export const podStrategy: Strategy<Pod> = {
  resource: 'pods',
  generation: true,
  applyDefaults: defaultPod,
  prepareForCreate: preparePod,
  validateCreate: validatePodCreate,
  warningsOnCreate: (pod) => [...appArmorAnnotationWarnings(pod), ...podWarnings(pod)],
  prepareForUpdate(pod, old) {
    if (old.status === undefined) delete pod.status;
    else pod.status = old.status;
    if (pod.spec !== undefined) dropDisabledSpecFields(pod.spec, old.spec);
  },
  validateUpdate: validatePodUpdate,
  gracePeriodSeconds: podGracePeriod,
  subresources: {
    status: {
      prepareForUpdate: prepareStatusUpdate,
      validateUpdate: validateStatusUpdate,
      warningsOnUpdate: statusWarnings,
    },
    ephemeralcontainers: {
      prepareForUpdate: prepareEphemeralContainers,
      validateUpdate: validateEphemeralContainersUpdate,
    },
    resize: { prepareForUpdate: prepareResize, validateUpdate: validateResize },
  },
};

/** Nobody waits for a pod that never reached a node or has ended. */
export function podGracePeriod(pod: Readonly<Pod>, requested: number | undefined): number {
  const phase = pod.status?.phase;
  if (!pod.spec?.nodeName || phase === 'Failed' || phase === 'Succeeded') return 0;
  const seconds = requested ?? pod.spec.terminationGracePeriodSeconds ?? 0;
  return seconds < 0 ? 1 : seconds;
}
