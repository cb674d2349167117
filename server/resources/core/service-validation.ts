import { type FieldErrors, FieldPath, forbidden, invalid, notSupported, required } from '../../../api/field-error.ts';
import { parseIP, validateLegacyCIDR, validateLegacyIP } from '../../../api/ip.ts';
import { isDNS1123Subdomain, isValidPortNum } from '../../../api/names.ts';
import { validateLabels } from '../../../api/validation/labels.ts';
import { dns1123SubdomainErrors, invalidEach, qualifiedNameErrors } from './field-checks.ts';
import { validateAddressesUpdate, validateAddressFields } from './service-address-validation.ts';
import { validatePorts } from './service-port-validation.ts';
import {
  isExternallyAccessible,
  isHeadless,
  needsHealthCheck,
  type Service,
  type ServiceSpec,
} from './service-traits.ts';

const specPath = FieldPath.of('spec');
const annotationsPath = FieldPath.of('metadata', 'annotations');

const topologyHints = 'service.kubernetes.io/topology-aware-hints';
const topologyMode = 'service.kubernetes.io/topology-mode';
const sourceRanges = 'service.beta.kubernetes.io/load-balancer-source-ranges';
const serviceTypes = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const trafficPolicies = ['Cluster', 'Local'];
const trafficDistributions = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];
const maxClientIPTimeoutSeconds = 86_400;

function validateTopology(service: Readonly<Service>): FieldErrors {
  const hints = service.metadata?.annotations?.[topologyHints];
  const mode = service.metadata?.annotations?.[topologyMode];
  if (hints === undefined || mode === undefined || hints === mode) return [];
  return [
    invalid(
      annotationsPath.key(topologyMode),
      mode,
      `must match annotations[${topologyHints}] when both are specified`,
    ),
  ];
}

function validateTypeFields(spec: Readonly<ServiceSpec>): FieldErrors {
  const errors: FieldErrors = [];
  if (!spec.ports?.length && !isHeadless(spec) && spec.type !== 'ExternalName')
    errors.push(required(specPath.child('ports')));
  if ((spec.type === 'LoadBalancer' || spec.type === 'NodePort') && isHeadless(spec)) {
    errors.push(
      invalid(specPath.child('clusterIPs').index(0), 'None', `may not be set to 'None' for ${spec.type} services`),
    );
  }
  if (spec.type !== 'ExternalName') return errors;
  const text = 'may not be set for ExternalName services';
  if (spec.clusterIPs?.length) errors.push(forbidden(specPath.child('clusterIPs'), text));
  if (spec.ipFamilies?.length) errors.push(forbidden(specPath.child('ipFamilies'), text));
  if (spec.ipFamilyPolicy !== undefined) errors.push(forbidden(specPath.child('ipFamilyPolicy'), text));
  const name = (spec.externalName ?? '').replace(/\.$/, '');
  const path = specPath.child('externalName');
  errors.push(...(name === '' ? [required(path)] : dns1123SubdomainErrors(name, path)));
  return errors;
}

function validateSessionAffinity(spec: Readonly<ServiceSpec>): FieldErrors {
  const path = specPath.child('sessionAffinity');
  const configPath = specPath.child('sessionAffinityConfig');
  const config = spec.sessionAffinityConfig;
  switch (spec.sessionAffinity ?? '') {
    case '':
      return [required(path)];
    case 'None':
      return config === undefined ? [] : [forbidden(configPath, 'must not be set when session affinity is None')];
    case 'ClientIP': {
      const timeout = config?.clientIP?.timeoutSeconds;
      const text = 'when session affinity type is ClientIP';
      if (config === undefined) return [required(configPath, text)];
      if (config.clientIP === undefined) return [required(configPath.child('clientIP'), text)];
      const timeoutPath = configPath.child('clientIP', 'timeoutSeconds');
      if (timeout === undefined) return [required(timeoutPath, text)];
      return timeout > 0 && timeout <= maxClientIPTimeoutSeconds
        ? []
        : [invalid(timeoutPath, timeout, `must be greater than 0 and less than ${maxClientIPTimeoutSeconds}`)];
    }
    default:
      return [notSupported(path, spec.sessionAffinity, ['ClientIP', 'None'])];
  }
}

/** Addresses that traffic can be sent to: not unspecified, loopback or link-local. */
function validateEndpointIP(ip: string, path: FieldPath): FieldErrors {
  const parsed = parseIP(ip);
  if (parsed === undefined) return [];
  const { family, bits } = parsed;
  const top = (width: number): bigint => bits >> BigInt((family === 4 ? 32 : 128) - width);
  const is = (v4: readonly [bigint, number], v6: readonly [bigint, number]): boolean => {
    const [prefix, width] = family === 4 ? v4 : v6;
    return top(width) === prefix;
  };
  const errors: FieldErrors = [];
  if (bits === 0n) errors.push(invalid(path, ip, `may not be unspecified (${ip})`));
  if (is([127n, 8], [1n, 128]))
    errors.push(invalid(path, ip, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'));
  if (is([0xa9fen, 16], [0xfe80n >> 6n, 10])) {
    errors.push(invalid(path, ip, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'));
  }
  if (is([0xe00000n, 24], [0xff02n, 16])) {
    errors.push(invalid(path, ip, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'));
  }
  return errors;
}

function validateExternalIPs(spec: Readonly<ServiceSpec>, old: Readonly<ServiceSpec> | undefined): FieldErrors {
  return (spec.externalIPs ?? []).flatMap((ip, i) => {
    const path = specPath.child('externalIPs').index(i);
    const errors = validateLegacyIP(path, ip, old?.externalIPs ?? []);
    return errors.length > 0 ? errors : validateEndpointIP(ip, path);
  });
}

function validateSourceRanges(service: Readonly<Service>, old: Readonly<Service> | undefined): FieldErrors {
  const spec = service.spec ?? {};
  const text = "may only be used when `type` is 'LoadBalancer'";
  const ranges = spec.loadBalancerSourceRanges ?? [];
  if (ranges.length > 0) {
    // Upstream spells this path with a capital.
    const path = specPath.child('LoadBalancerSourceRanges');
    const existing = (old?.spec?.loadBalancerSourceRanges ?? []).map((range) => range.trim());
    return [
      ...(spec.type === 'LoadBalancer' ? [] : [forbidden(path, text)]),
      ...ranges.flatMap((range, i) => validateLegacyCIDR(path.index(i), range.trim(), existing)),
    ];
  }
  const annotation = service.metadata?.annotations?.[sourceRanges];
  if (annotation === undefined) return [];
  const path = annotationsPath.key(sourceRanges);
  const errors = spec.type === 'LoadBalancer' ? [] : [forbidden(path, text)];
  if (old?.metadata?.annotations?.[sourceRanges] === annotation || annotation.trim() === '') return errors;
  return [...errors, ...annotation.split(',').flatMap((range) => validateLegacyCIDR(path, range.trim()))];
}

function validateLoadBalancerFields(spec: Readonly<ServiceSpec>): FieldErrors {
  const isLoadBalancer = spec.type === 'LoadBalancer';
  const text = "may only be used when `type` is 'LoadBalancer'";
  const errors: FieldErrors = [];
  const allocatePath = specPath.child('allocateLoadBalancerNodePorts');
  if (spec.allocateLoadBalancerNodePorts !== undefined && !isLoadBalancer) errors.push(forbidden(allocatePath, text));
  if (spec.allocateLoadBalancerNodePorts === undefined && isLoadBalancer) {
    errors.push(required(FieldPath.of('allocateLoadBalancerNodePorts')));
  }
  return [...errors, ...validateLoadBalancerClass(spec, undefined)];
}

function validateLoadBalancerClass(spec: Readonly<ServiceSpec>, old: Readonly<ServiceSpec> | undefined): FieldErrors {
  const path = specPath.child('loadBalancerClass');
  const errors: FieldErrors = [];
  const isLoadBalancer = spec.type === 'LoadBalancer';
  if (isLoadBalancer && old?.type === 'LoadBalancer' && spec.loadBalancerClass !== old.loadBalancerClass) {
    errors.push(invalid(path, spec.loadBalancerClass, 'may not change once set'));
  }
  if (spec.loadBalancerClass === undefined) return errors;
  errors.push(
    ...(isLoadBalancer
      ? qualifiedNameErrors(spec.loadBalancerClass, path)
      : [forbidden(path, "may only be used when `type` is 'LoadBalancer'")]),
  );
  return errors;
}

function validateExternalTraffic(spec: Readonly<ServiceSpec>): FieldErrors {
  const policy = spec.externalTrafficPolicy ?? '';
  const path = specPath.child('externalTrafficPolicy');
  const errors: FieldErrors = [];
  if (!isExternallyAccessible(spec)) {
    if (policy !== '') errors.push(invalid(path, policy, 'may only be set for externally-accessible services'));
  } else if (policy === '') {
    errors.push(required(path));
  } else if (!trafficPolicies.includes(policy)) {
    errors.push(notSupported(path, policy, trafficPolicies));
  }
  const port = spec.healthCheckNodePort ?? 0;
  const portPath = specPath.child('healthCheckNodePort');
  if (needsHealthCheck(spec)) {
    errors.push(...(port === 0 ? [required(portPath)] : invalidEach(portPath, port, isValidPortNum(port))));
  } else if (port !== 0) {
    const text = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    errors.push(invalid(portPath, port, text));
  }
  return errors;
}

function validateTrafficPreferences(spec: Readonly<ServiceSpec>): FieldErrors {
  const errors: FieldErrors = [];
  const policy = spec.internalTrafficPolicy;
  const path = specPath.child('internalTrafficPolicy');
  if (
    policy === undefined &&
    spec.type !== undefined &&
    serviceTypes.includes(spec.type) &&
    spec.type !== 'ExternalName'
  ) {
    errors.push(required(path));
  }
  if (policy !== undefined && !trafficPolicies.includes(policy))
    errors.push(notSupported(path, policy, trafficPolicies));
  const distribution = spec.trafficDistribution;
  if (distribution !== undefined && !trafficDistributions.includes(distribution)) {
    errors.push(notSupported(specPath.child('trafficDistribution'), distribution, trafficDistributions));
  }
  return errors;
}

function validateType(spec: Readonly<ServiceSpec>): FieldErrors {
  const path = specPath.child('type');
  if (!spec.type) return [required(path)];
  return serviceTypes.includes(spec.type) ? [] : [notSupported(path, spec.type, serviceTypes)];
}

export function validateService(service: Readonly<Service>, old?: Readonly<Service>): FieldErrors {
  const spec = service.spec ?? {};
  const ports = validatePorts(spec);
  return [
    ...validateTopology(service),
    ...validateTypeFields(spec),
    ...ports.each,
    ...validateLabels(spec.selector, specPath.child('selector')),
    ...validateSessionAffinity(spec),
    ...validateAddressFields(spec, old?.spec),
    ...validateExternalIPs(spec, old?.spec),
    ...validateType(spec),
    ...ports.together,
    ...validateSourceRanges(service, old),
    ...validateLoadBalancerFields(spec),
    ...validateExternalTraffic(spec),
    ...validateTrafficPreferences(spec),
  ];
}

export function validateServiceUpdate(service: Readonly<Service>, old: Readonly<Service>): FieldErrors {
  const spec = service.spec ?? {};
  const before = old.spec ?? {};
  const errors = [...validateAddressesUpdate(service, old), ...validateLoadBalancerClass(spec, before)];
  if (needsHealthCheck(before) && needsHealthCheck(spec) && spec.healthCheckNodePort !== before.healthCheckNodePort) {
    errors.push(forbidden(specPath.child('healthCheckNodePort'), 'field is immutable'));
  }
  return [...errors, ...validateService(service, old)];
}

export function validateServiceStatusUpdate(service: Readonly<Service>, old: Readonly<Service>): FieldErrors {
  const path = FieldPath.of('status', 'loadBalancer', 'ingress');
  const ingresses = service.status?.loadBalancer?.ingress ?? [];
  if (service.spec?.type !== 'LoadBalancer' && ingresses.length > 0) {
    return [forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'")];
  }
  const existing = (old.status?.loadBalancer?.ingress ?? []).flatMap((ingress) => (ingress.ip ? [ingress.ip] : []));
  return ingresses.flatMap(({ ip = '', ipMode, hostname = '' }, i) => {
    const errors = ip === '' ? [] : validateLegacyIP(path.index(i).child('ip'), ip, existing);
    const modePath = path.index(i).child('ipMode');
    if (ipMode === undefined) {
      if (ip !== '') errors.push(required(modePath, 'must be specified when `ip` is set'));
    } else if (ip === '') {
      errors.push(forbidden(modePath, 'may not be specified when `ip` is not set'));
    } else if (ipMode !== 'VIP' && ipMode !== 'Proxy') {
      errors.push(notSupported(modePath, ipMode, ['Proxy', 'VIP']));
    }
    if (hostname === '') return errors;
    const hostPath = path.index(i).child('hostname');
    errors.push(...invalidEach(hostPath, hostname, isDNS1123Subdomain(hostname)));
    if (parseIP(hostname) !== undefined)
      errors.push(invalid(hostPath, hostname, 'must be a DNS name, not an IP address'));
    return errors;
  });
}
