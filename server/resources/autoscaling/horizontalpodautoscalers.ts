import { FieldPath } from '../../../api/field-error.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { nonnegative } from '../apps/workload-validation.ts';
import { defaultHorizontalPodAutoscaler, type HorizontalPodAutoscaler } from './hpa-defaults.ts';
import { validateAutoscaler } from './hpa-validation.ts';

const statusPath = FieldPath.of('status');

export const horizontalPodAutoscalerStrategy: Strategy<HorizontalPodAutoscaler> = {
  resource: 'horizontalpodautoscalers.autoscaling',
  applyDefaults: defaultHorizontalPodAutoscaler,
  prepareForCreate(autoscaler) {
    autoscaler.status = { desiredReplicas: 0 };
  },
  validateCreate: (autoscaler) => validateAutoscaler(autoscaler),
  prepareForUpdate(autoscaler, old) {
    autoscaler.status = old.status;
  },
  validateUpdate: validateAutoscaler,
  subresources: {
    status: {
      prepareForUpdate(autoscaler, old) {
        autoscaler.spec = old.spec;
      },
      validateUpdate: ({ status = {} }) => [
        ...nonnegative(status.currentReplicas, statusPath.child('currentReplicas')),
        ...nonnegative(status.desiredReplicas, statusPath.child('desiredReplicas')),
      ],
    },
  },
};
