import { semanticEqual } from '../../api/equal.ts';
import { keyOf } from '../client/object-key.ts';
import { endpointChain } from './chain-names.ts';
import { type EndpointSlice, endpointsOf, type ProxyEndpoint, portKey } from './endpoints.ts';
import { isSkipped, type ProxyProtocol, type Service, type ServicePort, servicePorts } from './service-port.ts';
import { type ProxyNode, type ServiceRules, serviceRules } from './service-rules.ts';

const headlessLabel = 'service.kubernetes.io/headless';
/** Rules of so many nodes are kept for a port, and those of so many ports; they come again when they are asked for. */
const maxNodesKept = 32;
const maxPortsKept = 512;

/** Ports that hold rules, the one that was used longest ago first. */
class RuleHolders {
  readonly #ports = new Set<TrackedPort>();

  note(port: TrackedPort): void {
    this.#ports.delete(port);
    this.#ports.add(port);
    const oldest = this.#ports.size > maxPortsKept ? this.#ports.values().next().value : undefined;
    oldest?.forget();
  }

  drop(port: TrackedPort): void {
    this.#ports.delete(port);
  }
}

/** A port of a Service with what is derived from it, when it is first asked for. */
export class TrackedPort {
  readonly port: ServicePort;
  readonly #owner: TrackedService;
  readonly #holders: RuleHolders;
  #rules: Map<string, { readonly node: ProxyNode; readonly rules: ServiceRules }> | undefined;

  constructor(port: ServicePort, owner: TrackedService, holders: RuleHolders) {
    this.port = port;
    this.#owner = owner;
    this.#holders = holders;
  }

  endpoints(): readonly ProxyEndpoint[] {
    return this.#owner.endpointsOf(this.port);
  }

  /** The same node object has the same rules until something changes. */
  rulesFor(node: ProxyNode): ServiceRules {
    const kept = this.#rules?.get(node.name);
    if (kept?.node === node) return kept.rules;
    if (this.#rules === undefined || this.#rules.size >= maxNodesKept) this.#rules = new Map();
    const rules = serviceRules(this.port, this.endpoints(), node);
    this.#rules.set(node.name, { node, rules });
    this.#holders.note(this);
    return rules;
  }

  /** Names under which clients of its endpoints are remembered. */
  lists(): string[] {
    const { name, protocol } = this.port;
    return this.endpoints().map(({ text }) => endpointChain(name, protocol, text));
  }

  forget(): void {
    this.#rules = undefined;
    this.#holders.drop(this);
  }
}

export class TrackedService {
  readonly key: string;
  service: Readonly<Service> | undefined;
  ports: readonly TrackedPort[] = [];
  readonly slices = new Map<string, Readonly<EndpointSlice>>();
  #endpoints: Map<string, readonly ProxyEndpoint[]> | undefined;

  constructor(key: string) {
    this.key = key;
  }

  endpointsOf(port: ServicePort): readonly ProxyEndpoint[] {
    this.#endpoints ??= endpointsOf(this.slices.values());
    return this.#endpoints.get(portKey(port)) ?? [];
  }

  /** Endpoints have changed. */
  forget(): void {
    this.#endpoints = undefined;
    for (const port of this.ports) port.forget();
  }
}

function frontends({ protocol, port, clusterIP, externalIPs, loadBalancerIPs }: ServicePort): string[] {
  return [clusterIP, ...externalIPs, ...loadBalancerIPs].map((ip) => `${protocol} ${ip} ${port}`);
}

/** Services with their endpoints, and which of them an address belongs to. A change touches its own Service alone. */
export class ServiceTable {
  readonly #services = new Map<string, TrackedService>();
  readonly #byAddress = new Map<string, TrackedPort[]>();
  readonly #byNodePort = new Map<string, TrackedPort[]>();
  readonly #byHealthCheck = new Map<number, string>();
  readonly #holders = new RuleHolders();

  setService(service: Readonly<Service>): TrackedService {
    const tracked = this.#tracked(keyOf(service));
    const old = tracked.service;
    tracked.service = service;
    if (old !== undefined && semanticEqual(concerns(old), concerns(service))) return tracked;
    this.#setPorts(
      tracked,
      ([4, 6] as const).flatMap((family) => servicePorts(service, family)),
    );
    return tracked;
  }

  deleteService(key: string): void {
    const tracked = this.#services.get(key);
    if (tracked === undefined) return;
    tracked.service = undefined;
    this.#setPorts(tracked, []);
    this.#dropEmpty(tracked);
  }

  setSlice(slice: Readonly<EndpointSlice>): TrackedService | undefined {
    const key = serviceOf(slice);
    if (key === undefined) return undefined;
    const tracked = this.#tracked(key);
    tracked.slices.set(slice.metadata?.name ?? '', slice);
    tracked.forget();
    return tracked;
  }

  deleteSlice(slice: Readonly<EndpointSlice>): TrackedService | undefined {
    const tracked = this.#services.get(serviceOf(slice) ?? '');
    if (tracked === undefined) return undefined;
    tracked.slices.delete(slice.metadata?.name ?? '');
    tracked.forget();
    this.#dropEmpty(tracked);
    return tracked;
  }

  atAddress(protocol: ProxyProtocol, ip: string, port: number): TrackedPort | undefined {
    return this.#byAddress.get(`${protocol} ${ip} ${port}`)?.[0];
  }

  atNodePort(protocol: ProxyProtocol, port: number, family: 4 | 6): TrackedPort | undefined {
    return this.#byNodePort.get(`${protocol} ${port}`)?.find((one) => one.port.family === family);
  }

  /** The Service that has this one. */
  atHealthCheckNodePort(port: number): string | undefined {
    return this.#byHealthCheck.get(port);
  }

  services(): Iterable<TrackedService> {
    return this.#services.values();
  }

  get(key: string): TrackedService | undefined {
    return this.#services.get(key);
  }

  #tracked(key: string): TrackedService {
    const tracked = this.#services.get(key) ?? new TrackedService(key);
    this.#services.set(key, tracked);
    return tracked;
  }

  #dropEmpty(tracked: TrackedService): void {
    if (tracked.service === undefined && tracked.slices.size === 0) this.#services.delete(tracked.key);
  }

  #setPorts(tracked: TrackedService, ports: readonly ServicePort[]): void {
    for (const old of tracked.ports) {
      old.forget();
      for (const key of frontends(old.port)) remove(this.#byAddress, key, old);
      remove(this.#byNodePort, nodePortKey(old.port), old);
      const { healthCheckNodePort = 0 } = old.port;
      if (this.#byHealthCheck.get(healthCheckNodePort) === tracked.key) this.#byHealthCheck.delete(healthCheckNodePort);
    }
    tracked.ports = ports.map((port) => new TrackedPort(port, tracked, this.#holders));
    for (const next of tracked.ports) {
      for (const key of frontends(next.port)) add(this.#byAddress, key, next);
      if (next.port.nodePort !== undefined) add(this.#byNodePort, nodePortKey(next.port), next);
      const { healthCheckNodePort } = next.port;
      if (healthCheckNodePort !== undefined) this.#byHealthCheck.set(healthCheckNodePort, tracked.key);
    }
  }
}

/** What rules are made of. */
function concerns(service: Readonly<Service>): unknown {
  return [isSkipped(service), service.spec, service.status];
}

function nodePortKey({ protocol, nodePort }: ServicePort): string {
  return `${protocol} ${nodePort}`;
}

/** None for slices that proxies leave alone: those of headless Services only tell names. */
function serviceOf({ metadata }: Readonly<EndpointSlice>): string | undefined {
  const { labels = {} } = metadata ?? {};
  const name = labels['kubernetes.io/service-name'] ?? '';
  return name === '' || labels[headlessLabel] !== undefined ? undefined : `${metadata?.namespace}/${name}`;
}

function add(index: Map<string, TrackedPort[]>, key: string, port: TrackedPort): void {
  index.set(key, [...(index.get(key) ?? []), port]);
}

function remove(index: Map<string, TrackedPort[]>, key: string, port: TrackedPort): void {
  const left = (index.get(key) ?? []).filter((one) => one !== port);
  if (left.length === 0) index.delete(key);
  else index.set(key, left);
}
