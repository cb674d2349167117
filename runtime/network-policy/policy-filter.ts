import type { Api } from '../../api/object.ts';
import { keyOf } from '../client/object-key.ts';
import type { Filter, Protocol } from '../network/network.ts';
import {
  isAllowed,
  type Lookup,
  type NetworkPolicy,
  type ParsedPolicy,
  type Party,
  type PodFacts,
  parsePolicy,
} from './policy.ts';

export type Pod = Api<'io.k8s.api.core.v1.Pod'>;

interface Selected {
  readonly generation: number;
  readonly facts: PodFacts;
  /** Policies that isolate the pod; none: it is not isolated. */
  readonly ingress: readonly ParsedPolicy[];
  readonly egress: readonly ParsedPolicy[];
}

export interface PolicyFilterDeps extends Lookup {
  /** The pod that has this address for itself. */
  podAt(ip: string): Readonly<Pod> | undefined;
  /** Addresses that stand for pods that are none here. */
  standInAt?(ip: string): PodFacts | undefined;
}

function factsOf({ metadata, spec }: Readonly<Pod>): PodFacts {
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  return {
    namespace: metadata?.namespace ?? '',
    labels: metadata?.labels ?? {},
    ports: containers.flatMap(({ ports = [] }) =>
      ports.map(({ name = '', protocol = 'TCP', containerPort: port = 0 }) => {
        return { name, protocol: protocol as Protocol, port };
      }),
    ),
  };
}

/** Network policies as they are now. What they mean for a pod is found out once, until it or they change. */
export class PolicyFilter implements Filter {
  readonly #deps: PolicyFilterDeps;
  readonly #policies = new Map<string, Map<string, ParsedPolicy>>();
  readonly #selected = new WeakMap<Readonly<Pod>, Selected>();
  #generation = 0;

  constructor(deps: PolicyFilterDeps) {
    this.#deps = deps;
  }

  set(policy: Readonly<NetworkPolicy>): void {
    const namespace = policy.metadata?.namespace ?? '';
    const of = this.#policies.get(namespace) ?? new Map<string, ParsedPolicy>();
    this.#policies.set(namespace, of);
    of.set(keyOf(policy), parsePolicy(policy));
    this.#generation++;
  }

  delete(policy: Readonly<NetworkPolicy>): void {
    const namespace = policy.metadata?.namespace ?? '';
    const of = this.#policies.get(namespace);
    of?.delete(keyOf(policy));
    if (of?.size === 0) this.#policies.delete(namespace);
    this.#generation++;
  }

  allows: Filter['allows'] = ({ protocol, from, to }) => {
    if (this.#policies.size === 0) return true;
    const source = this.#selectedAt(from.ip);
    const end = this.#selectedAt(to.ip);
    const begins: Party = { ip: from.ip, pod: source?.facts ?? this.#deps.standInAt?.(from.ip) };
    const target: Party = { ip: to.ip, pod: end?.facts ?? this.#deps.standInAt?.(to.ip) };
    const used = { protocol, port: to.port };
    const isLetOut =
      source === undefined ||
      source.egress.length === 0 ||
      isAllowed(source.egress, 'egress', { peer: target, target, used }, this.#deps);
    if (!isLetOut || end === undefined || end.ingress.length === 0) return isLetOut;
    return isAllowed(end.ingress, 'ingress', { peer: begins, target, used }, this.#deps);
  };

  #selectedAt(ip: string): Selected | undefined {
    const pod = this.#deps.podAt(ip);
    if (pod === undefined) return undefined;
    const known = this.#selected.get(pod);
    if (known?.generation === this.#generation) return known;
    const facts = factsOf(pod);
    const policies = [...(this.#policies.get(facts.namespace)?.values() ?? [])].filter(({ pods }) =>
      pods.matches(facts.labels),
    );
    const selected = {
      generation: this.#generation,
      facts,
      ingress: policies.filter(({ ingress }) => ingress !== undefined),
      egress: policies.filter(({ egress }) => egress !== undefined),
    };
    this.#selected.set(pod, selected);
    return selected;
  }
}
