import { type FieldErrors, type FieldPath, forbidden, invalid, required, tooLong } from '../../../api/field-error.ts';
import { validateLegacyIP } from '../../../api/ip.ts';
import { byteLength, isDNS1123Subdomain, isDNS1123SubdomainWithUnderscore } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import type { PodValidationOptions } from './pod-options.ts';
import type { PodSpec } from './pod-types.ts';

type PodDNSConfig = Api<'io.k8s.api.core.v1.PodDNSConfig'>;
type HostAlias = Api<'io.k8s.api.core.v1.HostAlias'>;

const maxNameservers = 3;
const maxSearches = 32;
const maxSearchCharacters = 2048;
const maxHostnameBytes = 64;

/** Without a policy of its own (None) the configuration may be left out. */
export function validateDNSConfig(spec: Readonly<PodSpec>, path: FieldPath, errors: FieldErrors): void {
  const { dnsConfig: config, dnsPolicy } = spec;
  if (dnsPolicy === 'None' && (config === undefined || (config.nameservers ?? []).length === 0)) {
    const error =
      config === undefined
        ? required(path, 'must provide `dnsConfig` when `dnsPolicy` is None')
        : required(path.child('nameservers'), 'must provide at least one DNS nameserver when `dnsPolicy` is None');
    errors.push(error);
    return;
  }
  if (config !== undefined) validateConfig(config, path, errors);
}

function validateConfig(config: Readonly<PodDNSConfig>, path: FieldPath, errors: FieldErrors): void {
  const { nameservers = [], searches = [], options = [] } = config;
  if (nameservers.length > maxNameservers) {
    errors.push(
      invalid(path.child('nameservers'), nameservers, `must not have more than ${maxNameservers} nameservers`),
    );
  }
  for (const [i, server] of nameservers.entries())
    errors.push(...validateLegacyIP(path.child('nameservers').index(i), server));
  const searchesPath = path.child('searches');
  if (searches.length > maxSearches) {
    errors.push(invalid(searchesPath, searches, `must not have more than ${maxSearches} search paths`));
  }
  if (byteLength(searches.join(' ')) > maxSearchCharacters) {
    const detail = `must not have more than ${maxSearchCharacters} characters (including spaces) in the search list`;
    errors.push(invalid(searchesPath, searches, detail));
  }
  for (const [i, search] of searches.entries()) {
    if (search === '.') continue;
    const domain = search.replace(/\.$/, '');
    for (const message of isDNS1123SubdomainWithUnderscore(domain))
      errors.push(invalid(searchesPath.index(i), domain, message));
  }
  for (const [i, option] of options.entries()) {
    if (!option.name) errors.push(required(path.child('options').index(i), 'must not be empty'));
  }
}

export function validateHostAliases(aliases: readonly HostAlias[], path: FieldPath, errors: FieldErrors): void {
  for (const [i, { ip = '', hostnames = [] }] of aliases.entries()) {
    errors.push(...validateLegacyIP(path.index(i).child('ip'), ip));
    for (const [j, hostname] of hostnames.entries()) {
      for (const message of isDNS1123Subdomain(hostname)) {
        errors.push(invalid(path.index(i).child('hostnames').index(j), hostname, message));
      }
    }
  }
}

export function validateHostnameOverride(spec: Readonly<PodSpec>, specPath: FieldPath, errors: FieldErrors): void {
  const { hostnameOverride } = spec;
  if (hostnameOverride === undefined) return;
  const path = specPath.child('hostnameOverride');
  if (spec.setHostnameAsFQDN === true)
    errors.push(forbidden(path, 'may not be specified when setHostnameAsFQDN is true'));
  if (spec.hostNetwork === true) errors.push(forbidden(path, 'may not be specified when hostNetwork is true'));
  if (byteLength(hostnameOverride) > maxHostnameBytes) errors.push(tooLong(path, maxHostnameBytes));
  for (const message of isDNS1123Subdomain(hostnameOverride)) errors.push(invalid(path, hostnameOverride, message));
}

/** On the host's network a container's ports are the host's. */
export function validateHostNetworkPorts(
  spec: Readonly<PodSpec>,
  specPath: FieldPath,
  errors: FieldErrors,
  options: PodValidationOptions,
): void {
  if (spec.hostNetwork !== true) return;
  for (const [i, container] of (spec.containers ?? []).entries()) {
    for (const [j, { hostPort = 0, containerPort = 0 }] of (container.ports ?? []).entries()) {
      if (hostPort === containerPort || (hostPort === 0 && !options.isPod)) continue;
      const path = specPath.child('containers').index(i).child('ports').index(j).child('hostPort');
      errors.push(invalid(path, hostPort, 'must match `containerPort` when `hostNetwork` is true'));
    }
  }
}
