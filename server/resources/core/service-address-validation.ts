import { duplicate, type FieldErrors, FieldPath, invalid, notSupported, required } from '../../../api/field-error.ts';
import { isIPv6, validateLegacyIP } from '../../../api/ip.ts';
import { isHeadless, type Service, type ServiceSpec } from './service-traits.ts';

const specPath = FieldPath.of('spec');
const clusterIPsPath = specPath.child('clusterIPs');
const ipFamiliesPath = specPath.child('ipFamilies');
const ipFamilyPolicyPath = specPath.child('ipFamilyPolicy');

export const ipFamilies = ['IPv4', 'IPv6'] as const;
const ipFamilyPolicies = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];

function validateFamilies(families: readonly string[]): FieldErrors {
  const seen = new Set<string>();
  const errors: FieldErrors = [];
  families.forEach((family, i) => {
    if (family !== 'IPv4' && family !== 'IPv6') errors.push(notSupported(ipFamiliesPath.index(i), family, ipFamilies));
    if (seen.has(family)) errors.push(duplicate(ipFamiliesPath.index(i), family));
    seen.add(family);
  });
  return errors;
}

function validatePrimary(spec: Readonly<ServiceSpec>): FieldErrors {
  const { clusterIP = '', clusterIPs = [] } = spec;
  if (clusterIP === '') {
    return clusterIPs.length === 0
      ? []
      : [invalid(clusterIPsPath, clusterIPs, 'must be empty when `clusterIP` is not specified')];
  }
  if (clusterIPs.length === 0) return [required(clusterIPsPath)];
  return clusterIPs[0] === clusterIP ? [] : [invalid(clusterIPsPath, clusterIPs, 'first value must match `clusterIP`')];
}

/** The errors of each address by itself. */
function validateEachIP(clusterIPs: readonly string[], existing: readonly string[]): FieldErrors {
  return clusterIPs.flatMap((ip, i) => {
    if (i > 0 || ip !== 'None') return validateLegacyIP(clusterIPsPath.index(i), ip, existing);
    return clusterIPs.length > 1
      ? [invalid(clusterIPsPath, clusterIPs, "'None' must be the first and only value")]
      : [];
  });
}

function validateIPsAgainstFamilies(spec: Readonly<ServiceSpec>): FieldErrors {
  if (isHeadless(spec)) return [];
  const families = spec.ipFamilies ?? [];
  return (spec.clusterIPs ?? []).slice(0, families.length).flatMap((ip, i) => {
    const family = families[i];
    const matches = family === 'IPv4' ? !isIPv6(ip) : family !== 'IPv6' || isIPv6(ip);
    return matches
      ? []
      : [invalid(clusterIPsPath.index(i), ip, `expected an ${family} value as indicated by \`ipFamilies[${i}]\``)];
  });
}

/** clusterIP, clusterIPs, ipFamilies and ipFamilyPolicy among themselves. */
export function validateAddressFields(
  spec: Readonly<ServiceSpec>,
  old: Readonly<ServiceSpec> | undefined,
): FieldErrors {
  if (spec.type === 'ExternalName') return [];
  const { clusterIPs = [], ipFamilyPolicy } = spec;
  const errors = [...validatePrimary(spec), ...validateFamilies(spec.ipFamilies ?? [])];
  if (ipFamilyPolicy !== undefined && !ipFamilyPolicies.includes(ipFamilyPolicy)) {
    errors.push(notSupported(ipFamilyPolicyPath, ipFamilyPolicy, ipFamilyPolicies));
  }
  const ipErrors = validateEachIP(clusterIPs, old?.clusterIPs ?? []);
  errors.push(...ipErrors);
  if (clusterIPs.length > 2) errors.push(invalid(clusterIPsPath, clusterIPs, 'may only hold up to 2 values'));
  if (ipErrors.length > 0) return errors;
  if (clusterIPs.length > 1 && (!clusterIPs.some(isIPv6) || clusterIPs.every(isIPv6))) {
    errors.push(invalid(clusterIPsPath, clusterIPs, 'may specify no more than one IP for each IP family'));
  }
  return [...errors, ...validateIPsAgainstFamilies(spec)];
}

const mayNotChange = 'may not change once set';

function validateClusterIPsUpdate(spec: Readonly<ServiceSpec>, old: Readonly<ServiceSpec>): FieldErrors {
  const now = spec.clusterIPs ?? [];
  const before = old.clusterIPs ?? [];
  if (now.length === before.length) {
    return before.flatMap((ip, i) => (ip === now[i] ? [] : [invalid(clusterIPsPath.index(i), now, mayNotChange)]));
  }
  const errors: FieldErrors = [];
  if (now.length === 0) {
    errors.push(invalid(clusterIPsPath.index(0), spec.clusterIPs, 'primary clusterIP can not be unset'));
  } else if (before.length > 0 && now[0] !== before[0]) {
    errors.push(invalid(clusterIPsPath.index(0), now, mayNotChange));
  }
  if (now.length === 1 && before.length > 1 && spec.ipFamilyPolicy !== 'SingleStack') {
    const text = "must be set to 'SingleStack' when releasing the secondary clusterIP";
    errors.push(invalid(ipFamilyPolicyPath, spec.ipFamilyPolicy, text));
  }
  return errors;
}

function validateFamiliesUpdate(spec: Readonly<ServiceSpec>, old: Readonly<ServiceSpec>): FieldErrors {
  const now = spec.ipFamilies ?? [];
  const before = old.ipFamilies ?? [];
  const path = ipFamiliesPath.index(0);
  if (now.length === before.length) {
    return before.flatMap((family, i) => (family === now[i] ? [] : [invalid(path, now, mayNotChange)]));
  }
  const errors: FieldErrors = [];
  if (now.length < before.length && !spec.clusterIPs?.length) {
    errors.push(invalid(path, spec.ipFamilies, 'primary ipFamily can not be unset'));
  }
  // Upstream prints the addresses here.
  if (now.length > 0 && before.length > 0 && now[0] !== before[0])
    errors.push(invalid(path, spec.clusterIPs, mayNotChange));
  if (now.length === 1 && before.length > 1 && spec.ipFamilyPolicy !== 'SingleStack') {
    const text = "must be set to 'SingleStack' when releasing the secondary ipFamily";
    errors.push(invalid(ipFamilyPolicyPath, spec.ipFamilyPolicy, text));
  }
  return errors;
}

/** Addresses and families stay; a second one may come and go. */
export function validateAddressesUpdate(service: Readonly<Service>, oldService: Readonly<Service>): FieldErrors {
  const spec = service.spec ?? {};
  const old = oldService.spec ?? {};
  if (spec.type === 'ExternalName' || old.type === 'ExternalName') return [];
  const headless = [isHeadless(spec), isHeadless(old)];
  if (headless[0] && headless[1]) return [];
  return [
    ...validateClusterIPsUpdate(spec, old),
    ...(headless[0] === headless[1] ? validateFamiliesUpdate(spec, old) : []),
  ];
}
