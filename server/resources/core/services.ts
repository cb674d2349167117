import { nameIsDNSLabel } from '../../../api/names.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { allocateCreate, allocateUpdate, releaseService } from './service-allocation.ts';
import { defaultService, type Service } from './service-traits.ts';
import { dropTypeDependentFields } from './service-transitions.ts';
import { validateService, validateServiceStatusUpdate, validateServiceUpdate } from './service-validation.ts';
import { ingressWarnings, serviceWarnings } from './service-warnings.ts';

/** Upstream drops it from what is read; an unknown value still has to fail validation. */
function dropMeaninglessTrafficPolicy({ spec }: Service): void {
  if (spec?.type !== 'ExternalName') return;
  if (spec.internalTrafficPolicy === 'Cluster' || spec.internalTrafficPolicy === 'Local')
    delete spec.internalTrafficPolicy;
}

export const serviceStrategy: Strategy<Service> = {
  resource: 'services',
  allowCreateOnUpdate: true,
  validateName: nameIsDNSLabel,
  applyDefaults: defaultService,
  beginCreate: allocateCreate,
  prepareForCreate(service) {
    service.status = { loadBalancer: {} };
    dropMeaninglessTrafficPolicy(service);
  },
  validateCreate: (service) => validateService(service),
  warningsOnCreate: serviceWarnings,
  beginUpdate: allocateUpdate,
  prepareForUpdate(service, old) {
    service.status = old.status;
    dropTypeDependentFields(service, old);
    dropMeaninglessTrafficPolicy(service);
  },
  validateUpdate: validateServiceUpdate,
  warningsOnUpdate: serviceWarnings,
  afterDelete: releaseService,
  subresources: {
    status: {
      prepareForUpdate(service, old) {
        service.spec = old.spec;
      },
      validateUpdate: validateServiceStatusUpdate,
      warningsOnUpdate: ingressWarnings,
    },
  },
};
