import { type FieldErrors, FieldPath, invalid, required } from '../../../api/field-error.ts';
import { parseCIDR, validateCIDR } from '../../../api/ip.ts';
import type { Api } from '../../../api/object.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { fieldIsImmutable } from '../core/field-checks.ts';
import { keepMetadata } from '../core/kept-fields.ts';

export type ServiceCIDR = Api<'io.k8s.api.networking.v1.ServiceCIDR'>;

const path = FieldPath.of('spec', 'cidrs');

function cidrsErrors(cidrs: readonly string[]): FieldErrors {
  if (cidrs.length === 0) return [required(path, 'at least one CIDR required')];
  if (cidrs.length > 2) return [invalid(path, { CIDRs: cidrs }, 'may only hold up to 2 values')];
  const errors = cidrs.flatMap((cidr, i) => validateCIDR(path.index(i), cidr));
  const [first, second] = cidrs.map((cidr) => parseCIDR(cidr)?.family);
  if (cidrs.length === 2 && first !== undefined && first === second) {
    const why = 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64';
    errors.push(invalid(path, cidrs, why));
  }
  return errors;
}

function updateErrors(object: Readonly<ServiceCIDR>, old: Readonly<ServiceCIDR>): FieldErrors {
  const has = object.spec?.cidrs ?? [];
  const had = old.spec?.cidrs ?? [];
  // A second family may be added, nothing taken away.
  const isExtended = had.length === 1 && has.length === 2;
  if (had.length !== has.length && !isExtended) return [invalid(path, object.spec?.cidrs, fieldIsImmutable)];
  const errors = had.flatMap((cidr, i) => (cidr === has[i] ? [] : [invalid(path.index(i), has[i], fieldIsImmutable)]));
  return isExtended ? [...errors, ...cidrsErrors(has)] : errors;
}

export const serviceCIDRStrategy: Strategy<ServiceCIDR> = {
  resource: 'servicecidrs.networking.k8s.io',
  prepareForCreate(object) {
    object.status = {};
  },
  validateCreate: ({ spec }) => cidrsErrors(spec?.cidrs ?? []),
  prepareForUpdate(object, old) {
    object.status = old.status;
  },
  validateUpdate: updateErrors,
  subresources: {
    status: {
      prepareForUpdate(object, old) {
        object.spec = old.spec;
        keepMetadata(object, old);
      },
    },
  },
};
