import { contains, parseIP } from '../../api/ip.ts';
import { endpointChain, type PortChains, portChains } from './chain-names.ts';
import { type Choice, chooseEndpoints, type Place, type ProxyEndpoint } from './endpoints.ts';
import { markMasquerade, type Rule } from './rule.ts';
import {
  isExternallyAccessible,
  rangeText,
  type ServicePort,
  usesClusterEndpoints,
  usesLocalEndpoints,
} from './service-port.ts';

/** A node as its proxy sees it, in one family. */
export interface ProxyNode extends Place {
  readonly ips: readonly string[];
  /** Of all pods: what comes from elsewhere is masqueraded on its way to a cluster address. */
  readonly podRange: string | undefined;
}

/** What a port of a Service adds to the tables of a node. */
export interface ServiceRules {
  /** KUBE-SERVICES of nat. */
  readonly services: readonly Rule[];
  /** KUBE-NODEPORTS of nat. */
  readonly nodePorts: readonly Rule[];
  /** Chains of its own, in nat. */
  readonly chains: ReadonlyMap<string, readonly Rule[]>;
  /** KUBE-SERVICES of filter: what refuses traffic from inside. */
  readonly refusedInside: readonly Rule[];
  /** KUBE-EXTERNAL-SERVICES. */
  readonly refusedOutside: readonly Rule[];
  /** KUBE-PROXY-FIREWALL. */
  readonly firewall: readonly Rule[];
  /** KUBE-NODEPORTS of filter. */
  readonly health: readonly Rule[];
}

interface Plan {
  readonly port: ServicePort;
  readonly node: ProxyNode;
  readonly names: PortChains;
  readonly choice: Choice;
  /** Chains of the endpoints that the node may send to. */
  readonly chains: ReadonlyMap<ProxyEndpoint, string>;
  readonly hasInternal: boolean;
  readonly hasExternal: boolean;
  readonly usesFirewall: boolean;
}

function planOf(port: ServicePort, endpoints: readonly ProxyEndpoint[], node: ProxyNode): Plan {
  const choice = chooseEndpoints(port, endpoints, node);
  const { hasAny, local } = choice;
  return {
    port,
    node,
    names: portChains(port.name, port.protocol),
    choice,
    chains: new Map(choice.reachable.map((one) => [one, endpointChain(port.name, port.protocol, one.text)])),
    hasInternal: hasAny && (!port.isInternalLocal || local.length > 0),
    hasExternal: hasAny && (!port.isExternalLocal || local.length > 0),
    usesFirewall: hasAny && port.loadBalancerIPs.length > 0 && port.sourceRanges.length > 0,
  };
}

/** The rules of one port on one node, as kube-proxy's iptables mode has them. */
export function serviceRules(port: ServicePort, endpoints: readonly ProxyEndpoint[], node: ProxyNode): ServiceRules {
  const plan = planOf(port, endpoints, node);
  const { name, healthCheckNodePort } = port;
  return {
    services: captured(plan),
    nodePorts: plan.choice.hasAny ? nodePortRules(plan) : [],
    chains: chainsOf(plan),
    ...refusals(plan),
    firewall: plan.usesFirewall ? firewallRules(plan) : [],
    health:
      healthCheckNodePort === undefined
        ? []
        : [{ comment: `${name} health check node port`, protocol: 'TCP', port: healthCheckNodePort, jump: 'ACCEPT' }],
  };
}

function toAddress({ protocol, port }: ServicePort, destination: string): Rule {
  return { protocol, destination, port };
}

function captured({ port, names, choice, hasInternal, usesFirewall }: Plan): Rule[] {
  const { name, clusterIP, externalIPs, loadBalancerIPs } = port;
  const inside = port.isInternalLocal ? names.local : names.cluster;
  const balanced = usesFirewall ? names.firewall : names.external;
  const rules: Rule[] = [];
  if (hasInternal) rules.push({ comment: `${name} cluster IP`, ...toAddress(port, clusterIP), jump: inside });
  if (!choice.hasAny) return rules;
  for (const ip of externalIPs)
    rules.push({ comment: `${name} external IP`, ...toAddress(port, ip), jump: names.external });
  for (const ip of loadBalancerIPs)
    rules.push({ comment: `${name} loadbalancer IP`, ...toAddress(port, ip), jump: balanced });
  return rules;
}

function nodePortRules({ port: { name, protocol, nodePort }, names }: Plan): Rule[] {
  return nodePort === undefined ? [] : [{ comment: name, protocol, port: nodePort, jump: names.external }];
}

function refusals({
  port,
  choice,
  hasInternal,
  hasExternal,
}: Plan): Pick<ServiceRules, 'refusedInside' | 'refusedOutside'> {
  const { name, clusterIP, externalIPs, loadBalancerIPs, nodePort, protocol } = port;
  const refusal = choice.hasAny
    ? { comment: `${name} has no local endpoints`, jump: 'DROP' }
    : { comment: `${name} has no endpoints`, jump: 'REJECT' };
  const refuse = (ip: string): Rule => ({ ...refusal, ...toAddress(port, ip) });
  const refusedInside = hasInternal ? [] : [refuse(clusterIP)];
  if (hasExternal) return { refusedInside, refusedOutside: [] };
  const refusedOutside = [...externalIPs, ...loadBalancerIPs].map(refuse);
  if (nodePort !== undefined) refusedOutside.push({ ...refusal, isDestinationLocal: true, protocol, port: nodePort });
  return { refusedInside, refusedOutside };
}

function firewallRules({ port, names }: Plan): Rule[] {
  const comment = `${port.name} traffic not accepted by ${names.firewall}`;
  return port.loadBalancerIPs.map((ip) => ({ comment, ...toAddress(port, ip), jump: 'DROP' }));
}

function chainsOf(plan: Plan): Map<string, Rule[]> {
  const { port, names, choice, usesFirewall } = plan;
  const chains = new Map<string, Rule[]>();
  if (choice.hasAny && isExternallyAccessible(port)) chains.set(names.external, externalChain(plan));
  if (usesFirewall) chains.set(names.firewall, firewallChain(plan));
  if (choice.cluster.length > 0 && usesClusterEndpoints(port))
    chains.set(names.cluster, balancing(plan, choice.cluster, !port.isInternalLocal));
  if (choice.local.length > 0 && usesLocalEndpoints(port))
    chains.set(names.local, balancing(plan, choice.local, port.isInternalLocal));
  for (const [endpoint, chain] of plan.chains) chains.set(chain, endpointRules(port, endpoint, chain));
  return chains;
}

function externalChain({ port, node, names, hasExternal }: Plan): Rule[] {
  const { name } = port;
  const rules: Rule[] = [];
  if (port.isExternalLocal) {
    // From inside, traffic takes any endpoint, as if it had gone out to the load balancer and come back.
    if (node.podRange !== undefined)
      rules.push({
        comment: `pod traffic for ${name} external destinations`,
        source: node.podRange,
        jump: names.cluster,
      });
    rules.push({
      comment: `masquerade LOCAL traffic for ${name} external destinations`,
      isSourceLocal: true,
      jump: markMasquerade,
    });
    rules.push({
      comment: `route LOCAL traffic for ${name} external destinations`,
      isSourceLocal: true,
      jump: names.cluster,
    });
  } else rules.push({ comment: `masquerade traffic for ${name} external destinations`, jump: markMasquerade });
  if (hasExternal) rules.push({ jump: port.isExternalLocal ? names.local : names.cluster });
  return rules;
}

function firewallChain({ port, node, names }: Plan): Rule[] {
  const { name, sourceRanges, loadBalancerIPs } = port;
  const comment = `${name} loadbalancer IP`;
  const sources = sourceRanges.map(rangeText);
  const own = node.ips[0] === undefined ? undefined : parseIP(node.ips[0]);
  // What the node sends to the balancer comes back with the balancer's own address.
  if (own !== undefined && sourceRanges.some((range) => contains(range, own))) sources.push(...loadBalancerIPs);
  return [
    ...sources.map((source): Rule => ({ comment, source, jump: names.external })),
    { comment: `other traffic to ${name} will be dropped by KUBE-PROXY-FIREWALL` },
  ];
}

/** `isInternal`: cluster addresses lead here directly. */
function balancing({ port, node, chains }: Plan, endpoints: readonly ProxyEndpoint[], isInternal: boolean): Rule[] {
  const { name, clusterIP, affinitySeconds: seconds } = port;
  const chainOf = (endpoint: ProxyEndpoint): string => chains.get(endpoint) ?? '';
  const rules: Rule[] = [];
  if (isInternal && node.podRange !== undefined)
    rules.push({
      comment: `${name} cluster IP`,
      ...toAddress(port, clusterIP),
      notSource: node.podRange,
      jump: markMasquerade,
    });
  const to = (endpoint: ProxyEndpoint): Rule => ({
    comment: `${name} -> ${endpoint.text}`,
    isMinor: true,
    jump: chainOf(endpoint),
  });
  if (seconds !== undefined)
    for (const endpoint of endpoints) rules.push({ ...to(endpoint), recent: { list: chainOf(endpoint), seconds } });
  for (const [i, endpoint] of endpoints.entries()) {
    const left = endpoints.length - i;
    rules.push(left === 1 ? to(endpoint) : { ...to(endpoint), oneIn: left });
  }
  return rules;
}

function endpointRules(port: ServicePort, endpoint: ProxyEndpoint, chain: string): Rule[] {
  const { name: comment, protocol, affinitySeconds } = port;
  const { ip } = endpoint;
  return [
    // Who connects to itself through the Service would otherwise answer itself past the rules.
    { comment, isMinor: true, source: ip, jump: markMasquerade },
    {
      comment,
      isMinor: true,
      ...(affinitySeconds === undefined ? {} : { recent: { list: chain } }),
      protocol,
      translate: { ip, port: endpoint.port },
    },
  ];
}
