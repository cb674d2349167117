import { type FieldErrors, FieldPath, invalid } from '../../../api/field-error.ts';
import { isIPv4, isIPv6 } from '../../../api/ip.ts';
import { invalidError } from '../../../api/status.ts';
import { validateAddressFields } from './service-address-validation.ts';
import { type Service, type ServiceSpec, sameList } from './service-traits.ts';

export type IPFamily = 'IPv4' | 'IPv6';

const specPath = FieldPath.of('spec');
const policyPath = specPath.child('ipFamilyPolicy');

export function familyOfIP(ip: string): IPFamily | 'unknown' {
  if (isIPv4(ip)) return 'IPv4';
  return isIPv6(ip) ? 'IPv6' : 'unknown';
}

export function throwInvalidService(service: Readonly<Service>, errors: FieldErrors): void {
  if (errors.length > 0) throw invalidError({ group: '', kind: 'Service' }, service.metadata?.name ?? '', errors);
}

const otherFamily = (family: string): IPFamily => (family === 'IPv4' ? 'IPv6' : 'IPv4');

function isUnchangedPreferDualStack(spec: Readonly<ServiceSpec>, old: Readonly<ServiceSpec> | undefined): boolean {
  return (
    old !== undefined &&
    spec.ipFamilyPolicy === 'PreferDualStack' &&
    (old.ipFamilyPolicy === undefined || old.ipFamilyPolicy === 'PreferDualStack') &&
    old.type === spec.type &&
    sameList(old.clusterIPs, spec.clusterIPs) &&
    sameList(old.ipFamilies, spec.ipFamilies)
  );
}

const hasNoSelector = (spec: Readonly<ServiceSpec>): boolean => Object.keys(spec.selector ?? {}).length === 0;

function defaultPolicy(spec: ServiceSpec, old: Readonly<ServiceSpec> | undefined): void {
  if (spec.ipFamilyPolicy !== undefined) return;
  const headlessWithoutSelector = spec.clusterIP === 'None' && hasNoSelector(spec);
  spec.ipFamilyPolicy = old?.ipFamilyPolicy ?? (headlessWithoutSelector ? 'RequireDualStack' : 'SingleStack');
}

/** A service that becomes single-stack gives its second address and family up; only such a one may. */
function releaseSecondary(spec: ServiceSpec, old: Readonly<ServiceSpec>): FieldErrors {
  const { clusterIPs = [], ipFamilies = [] } = spec;
  if (spec.ipFamilyPolicy === 'SingleStack') {
    if (clusterIPs.length > 1 && sameList(old.clusterIPs, clusterIPs)) spec.clusterIPs = clusterIPs.slice(0, 1);
    if (ipFamilies.length > 1 && sameList(old.ipFamilies, ipFamilies)) spec.ipFamilies = ipFamilies.slice(0, 1);
    return [];
  }
  const reduced = (now: readonly string[], before: readonly string[] = []): boolean =>
    now.length > 0 && now.length < before.length;
  const mustBe = (what: string): FieldErrors => [
    invalid(policyPath, spec.ipFamilyPolicy, `must be 'SingleStack' to release the secondary ${what}`),
  ];
  return [
    ...(reduced(clusterIPs, old.clusterIPs) ? mustBe('cluster IP') : []),
    ...(reduced(ipFamilies, old.ipFamilies) ? mustBe('IP family') : []),
  ];
}

function validateSingleStack(spec: Readonly<ServiceSpec>): FieldErrors {
  if (spec.ipFamilyPolicy !== 'SingleStack') return [];
  const text = (what: string): string =>
    `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`;
  return [
    ...(spec.clusterIPs?.length === 2 ? [invalid(policyPath, spec.ipFamilyPolicy, text('cluster IPs'))] : []),
    ...(spec.ipFamilies?.length === 2 ? [invalid(policyPath, spec.ipFamilyPolicy, text('IP families'))] : []),
  ];
}

/** Families that the given addresses imply. */
function inferFamilies(spec: ServiceSpec, configured: readonly IPFamily[]): FieldErrors {
  const errors: FieldErrors = [];
  (spec.clusterIPs ?? []).forEach((ip, i) => {
    if (spec.clusterIPs?.[0] === 'None' || i < (spec.ipFamilies?.length ?? 0)) return;
    const family = familyOfIP(ip);
    if (family !== 'unknown' && configured.includes(family)) {
      spec.ipFamilies = [...(spec.ipFamilies ?? []), family];
    } else {
      errors.push(
        invalid(specPath.child('clusterIPs').index(i), spec.clusterIPs, `${family} is not configured on this cluster`),
      );
    }
  });
  return errors;
}

function validateConfigured(spec: Readonly<ServiceSpec>, configured: readonly IPFamily[]): FieldErrors {
  const errors: FieldErrors = [];
  if (spec.ipFamilyPolicy === 'RequireDualStack' && configured.length < 2) {
    errors.push(invalid(policyPath, spec.ipFamilyPolicy, 'this cluster is not configured for dual-stack services'));
  }
  (spec.ipFamilies ?? []).forEach((family, i) => {
    if (!configured.includes(family as IPFamily)) {
      errors.push(invalid(specPath.child('ipFamilies').index(i), family, 'not configured on this cluster'));
    }
  });
  return errors;
}

/**
 * Fills ipFamilyPolicy and ipFamilies from what was asked for and what the cluster has (`configured`, the default family
 * first). Throws Invalid with these errors alone, before any other validation.
 */
export function initIPFamilies(
  service: Service,
  oldService: Readonly<Service> | undefined,
  configured: readonly IPFamily[],
): void {
  const spec = service.spec ?? {};
  const old = oldService?.spec;
  if (spec.type === 'ExternalName' || isUnchangedPreferDualStack(spec, old)) return;
  defaultPolicy(spec, old);
  throwInvalidService(service, validateAddressFields(spec, old));
  const errors = old === undefined ? [] : releaseSecondary(spec, old);
  errors.push(...validateSingleStack(spec), ...inferFamilies(spec, configured));
  throwInvalidService(service, errors);
  const defaultFamily = configured[0] ?? 'IPv4';
  const first = spec.ipFamilies?.[0] ?? defaultFamily;
  if (spec.clusterIP === 'None' && hasNoSelector(spec)) {
    // Whoever writes the endpoints chooses: any family goes.
    spec.ipFamilies = spec.ipFamilies?.length ? spec.ipFamilies : [first];
    if (spec.ipFamilies.length < 2 && spec.ipFamilyPolicy !== 'SingleStack')
      spec.ipFamilies = [first, otherFamily(first)];
    return;
  }
  throwInvalidService(service, validateConfigured(spec, configured));
  spec.ipFamilies = spec.ipFamilies?.length ? spec.ipFamilies : [first];
  if (spec.ipFamilyPolicy !== 'SingleStack' && spec.ipFamilies.length === 1 && configured.length === 2) {
    spec.ipFamilies = [first, otherFamily(first)];
  }
}
