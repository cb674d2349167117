import { type FieldErrors, FieldPath, forbidden, invalid } from '../../../api/field-error.ts';
import type { Api } from '../../../api/object.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { strategyErrors } from './lease-strategy.ts';

export type Lease = Api<'io.k8s.api.coordination.v1.Lease'>;

function specErrors({ spec = {} }: Readonly<Lease>): FieldErrors {
  const path = FieldPath.of('spec');
  const { leaseDurationSeconds, leaseTransitions, strategy, preferredHolder } = spec;
  const errors: FieldErrors = [];
  if (leaseDurationSeconds !== undefined && leaseDurationSeconds <= 0) {
    errors.push(invalid(path.child('leaseDurationSeconds'), leaseDurationSeconds, 'must be greater than 0'));
  }
  if (leaseTransitions !== undefined && leaseTransitions < 0) {
    errors.push(invalid(path.child('leaseTransitions'), leaseTransitions, 'must be greater than or equal to 0'));
  }
  if (strategy !== undefined) errors.push(...strategyErrors(strategy, path.child('strategy')));
  if (preferredHolder && !strategy) {
    errors.push(forbidden(path.child('preferredHolder'), 'may only be specified if `strategy` is defined'));
  }
  return errors;
}

/** Coordinated leader election is off: its fields are dropped unless already stored. */
function dropCoordination(lease: Lease, old?: Readonly<Lease>): void {
  if (old?.spec?.strategy === undefined) delete lease.spec?.strategy;
  if (old?.spec?.preferredHolder === undefined) delete lease.spec?.preferredHolder;
}

export const leaseStrategy: Strategy<Lease> = {
  resource: 'leases.coordination.k8s.io',
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  prepareForCreate: (lease) => dropCoordination(lease),
  validateCreate: specErrors,
  prepareForUpdate: dropCoordination,
  validateUpdate: specErrors,
};
