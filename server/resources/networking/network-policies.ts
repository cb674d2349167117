import { type FieldErrors, FieldPath, forbidden, invalid, notSupported, required } from '../../../api/field-error.ts';
import { cidrWarnings, contains, parseCIDR, validateLegacyCIDR } from '../../../api/ip.ts';
import { isValidPortName, isValidPortNum } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import { hasInvalidLabelValue, validateLabelSelector } from '../../../api/validation/labels.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { invalidEach } from '../core/field-checks.ts';

export type NetworkPolicy = Api<'io.k8s.api.networking.v1.NetworkPolicy'>;
type Spec = Api<'io.k8s.api.networking.v1.NetworkPolicySpec'>;
type Peer = Api<'io.k8s.api.networking.v1.NetworkPolicyPeer'>;
type Port = Api<'io.k8s.api.networking.v1.NetworkPolicyPort'>;
type IPBlock = Api<'io.k8s.api.networking.v1.IPBlock'>;

const protocols = ['TCP', 'UDP', 'SCTP'];
const policyTypes = ['Ingress', 'Egress'];

interface Options {
  readonly allowInvalidLabelValueInSelector: boolean;
  /** Written before CIDRs were checked strictly. */
  readonly knownCIDRs: readonly string[];
}

function portErrors({ protocol, port, endPort }: Readonly<Port>, path: FieldPath): FieldErrors {
  const errors: FieldErrors = [];
  const end = path.child('endPort');
  if (protocol !== undefined && !protocols.includes(protocol)) {
    errors.push(notSupported(path.child('protocol'), protocol, protocols));
  }
  if (port === undefined) {
    if (endPort !== undefined) errors.push(invalid(end, endPort, 'may not be specified when `port` is not specified'));
  } else if (typeof port === 'number') {
    errors.push(...invalidEach(path.child('port'), port, isValidPortNum(port)));
    if (endPort === undefined) return errors;
    if (endPort < port) errors.push(invalid(end, port, 'must be greater than or equal to `port`'));
    errors.push(...invalidEach(end, endPort, isValidPortNum(endPort)));
  } else {
    if (endPort !== undefined) errors.push(invalid(end, endPort, 'may not be specified when `port` is non-numeric'));
    errors.push(...invalidEach(path.child('port'), port, isValidPortName(port)));
  }
  return errors;
}

function ipBlockErrors({ cidr = '', except = [] }: Readonly<IPBlock>, path: FieldPath, options: Options): FieldErrors {
  if (cidr === '') return [required(path.child('cidr'))];
  const errors = validateLegacyCIDR(path.child('cidr'), cidr, options.knownCIDRs);
  const range = parseCIDR(cidr);
  if (range === undefined) return errors;
  for (const [i, text] of except.entries()) {
    const at = path.child('except').index(i);
    errors.push(...validateLegacyCIDR(at, text, options.knownCIDRs));
    const inner = parseCIDR(text);
    if (inner === undefined) continue;
    const isInside = contains(range, { family: inner.family, bits: inner.base }) && inner.prefix > range.prefix;
    if (!isInside) errors.push(invalid(at, text, 'must be a strict subset of `cidr`'));
  }
  return errors;
}

function peerErrors(
  { podSelector, namespaceSelector, ipBlock }: Readonly<Peer>,
  path: FieldPath,
  options: Options,
): FieldErrors {
  const hasSelector = podSelector !== undefined || namespaceSelector !== undefined;
  const errors = [
    ...validateLabelSelector(podSelector, options, path.child('podSelector')),
    ...validateLabelSelector(namespaceSelector, options, path.child('namespaceSelector')),
    ...(ipBlock === undefined ? [] : ipBlockErrors(ipBlock, path.child('ipBlock'), options)),
  ];
  if (!hasSelector && ipBlock === undefined) errors.push(required(path, 'must specify a peer'));
  if (hasSelector && ipBlock !== undefined)
    errors.push(forbidden(path, 'may not specify both ipBlock and another peer'));
  return errors;
}

function specErrors(spec: Readonly<Spec>, options: Options): FieldErrors {
  const path = FieldPath.of('spec');
  const errors = validateLabelSelector(spec.podSelector, options, path.child('podSelector'));
  for (const { at, ports, peers } of rules(spec)) {
    errors.push(...ports.flatMap((port, i) => portErrors(port, at.child('ports').index(i))));
    errors.push(...peers.list.flatMap((peer, i) => peerErrors(peer, peers.at.index(i), options)));
  }
  const types = spec.policyTypes ?? [];
  if (types.length > policyTypes.length) {
    return [...errors, invalid(path.child('policyTypes'), types, 'may not specify more than two policyTypes')];
  }
  for (const [i, type] of types.entries()) {
    if (!policyTypes.includes(type)) {
      errors.push(notSupported(path.child('policyTypes').index(i), type, policyTypes));
    }
  }
  return errors;
}

interface RuleView {
  readonly at: FieldPath;
  readonly ports: readonly Readonly<Port>[];
  readonly peers: { readonly at: FieldPath; readonly list: readonly Readonly<Peer>[] };
}

/** Ingress and egress rules alike: they differ in what their peers are called. */
function rules(spec: Readonly<Spec> | undefined): RuleView[] {
  const path = FieldPath.of('spec');
  const ingress = (spec?.ingress ?? []).map(({ ports = [], from = [] }, i): RuleView => {
    const at = path.child('ingress').index(i);
    return { at, ports, peers: { at: at.child('from'), list: from } };
  });
  const egress = (spec?.egress ?? []).map(({ ports = [], to = [] }, i): RuleView => {
    const at = path.child('egress').index(i);
    return { at, ports, peers: { at: at.child('to'), list: to } };
  });
  return [...ingress, ...egress];
}

function ipBlocks(spec: Readonly<Spec> | undefined): { readonly at: FieldPath; readonly block: Readonly<IPBlock> }[] {
  return rules(spec).flatMap(({ peers }) =>
    peers.list.flatMap(({ ipBlock }, i) =>
      ipBlock === undefined ? [] : [{ at: peers.at.index(i).child('ipBlock'), block: ipBlock }],
    ),
  );
}

function warnings({ spec }: Readonly<NetworkPolicy>): string[] {
  return ipBlocks(spec).flatMap(({ at, block: { cidr = '', except = [] } }) => [
    ...cidrWarnings(at.child('cidr'), cidr),
    ...except.flatMap((text, i) => cidrWarnings(at.child('except').index(i), text)),
  ]);
}

export const networkPolicyStrategy: Strategy<NetworkPolicy> = {
  resource: 'networkpolicies.networking.k8s.io',
  generation: true,
  applyDefaults(policy) {
    policy.spec ??= {};
    const { spec } = policy;
    for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) {
      for (const port of rule.ports ?? []) port.protocol ??= 'TCP';
    }
    if (spec.policyTypes?.length) return;
    spec.policyTypes = spec.egress?.length ? ['Ingress', 'Egress'] : ['Ingress'];
  },
  validateCreate: ({ spec = {} }) => specErrors(spec, { allowInvalidLabelValueInSelector: false, knownCIDRs: [] }),
  warningsOnCreate: warnings,
  validateUpdate: ({ spec = {} }, old) =>
    specErrors(spec, {
      allowInvalidLabelValueInSelector: hasInvalidLabelValue(old.spec?.podSelector),
      knownCIDRs: ipBlocks(old.spec).flatMap(({ block }) => [block.cidr ?? '', ...(block.except ?? [])]),
    }),
  warningsOnUpdate: warnings,
};
