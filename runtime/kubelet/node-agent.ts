import type { ApiClient } from '../../api/client.ts';
import { type Clock, toMicroTime, toTime } from '../../api/clock.ts';
import type { Api } from '../../api/object.ts';
import { StatusError } from '../../api/status.ts';
import { sleep } from '../client/sleep.ts';
import { unlessMissing } from '../framework/status-cause.ts';
import type { NodeFacts } from './pod-runtime.ts';

type Node = Api<'io.k8s.api.core.v1.Node'>;
type Lease = Api<'io.k8s.api.coordination.v1.Lease'>;

const nodes = { group: '', version: 'v1', resource: 'nodes' } as const;
const leases = { group: 'coordination.k8s.io', version: 'v1', resource: 'leases' } as const;
const leaseNamespace = 'kube-node-lease';
const renewMs = 10_000;
const leaseSeconds = 40;
const statusMs = 5 * 60_000;
const retryMs = 1000;

export interface NodeOptions {
  readonly name: string;
  readonly address: string;
  /** Where its kubelet serves, when not at port 10250 of `address`. */
  readonly endpoint?: { readonly address: string; readonly port: number } | undefined;
  /** Used until the node has one of its own from the API server. */
  readonly podCIDR: string;
  readonly kubeletVersion: string;
  readonly capacity: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

export interface NodeAgentDeps {
  readonly client: ApiClient;
  readonly clock: Clock;
  /** Of the container runtime. */
  readonly version: string;
  /** The node as the API server has it. */
  onNode(node: Node): void;
  onError(error: unknown): void;
}

const pressures: readonly (readonly [type: string, reason: string, message: string])[] = [
  ['MemoryPressure', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
  ['DiskPressure', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
  ['PIDPressure', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
];

/** What the kubelet says of its node. */
export function nodeStatus(
  options: NodeOptions,
  version: string,
  now: string,
  old?: Node['status'],
): NonNullable<Node['status']> {
  const { name, address, endpoint = { address, port: 10_250 }, capacity, kubeletVersion } = options;
  const condition = (type: string, status: string, reason: string, message: string) => {
    const before = old?.conditions?.find((one) => one.type === type);
    const since = before?.status === status ? before.lastTransitionTime : undefined;
    return { type, status, reason, message, lastHeartbeatTime: now, lastTransitionTime: since ?? now };
  };
  return {
    addresses: [
      { type: 'InternalIP', address: endpoint.address },
      { type: 'Hostname', address: name },
    ],
    capacity: { ...capacity },
    allocatable: { ...capacity },
    conditions: [
      ...pressures.map(([type, reason, message]) => condition(type, 'False', reason, message)),
      condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'),
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: endpoint.port } },
    nodeInfo: {
      architecture: 'amd64',
      bootID: name,
      containerRuntimeVersion: version,
      kernelVersion: 'simulated',
      kubeProxyVersion: '',
      kubeletVersion,
      machineID: name,
      operatingSystem: 'linux',
      osImage: 'kubefacade',
      systemUUID: name,
    },
  };
}

/** Registers a node, renews its lease and its status. */
export class NodeAgent {
  readonly #options: NodeOptions;
  readonly #deps: NodeAgentDeps;
  #podCIDRs: readonly string[];
  #uid = '';

  constructor(options: NodeOptions, deps: NodeAgentDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#podCIDRs = [options.podCIDR];
  }

  facts(): NodeFacts {
    const { name, address, capacity } = this.#options;
    return { name, addresses: [address], podCIDRs: this.#podCIDRs, allocatable: capacity };
  }

  /** Asks for the node as it is now. */
  async look(): Promise<void> {
    const { client, onNode, onError } = this.#deps;
    try {
      onNode(await client.get<Node>(nodes, '', this.#options.name));
    } catch (error) {
      onError(error);
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, onError } = this.#deps;
    let nextStatus = 0;
    while (!signal.aborted) {
      try {
        if (clock.now() >= nextStatus) {
          await this.#post();
          nextStatus = clock.now() + statusMs;
        }
        await this.#renew();
        await sleep(clock, renewMs, signal);
      } catch (error) {
        nextStatus = 0;
        if (!(error instanceof StatusError && error.reason === 'Conflict')) onError(error);
        await sleep(clock, retryMs, signal);
      }
    }
  }

  async #post(): Promise<void> {
    const { client, clock, version } = this.#deps;
    const { name, labels } = this.#options;
    let node = await unlessMissing(client.get<Node>(nodes, '', name));
    if (node === undefined) {
      const standard = {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'beta.kubernetes.io/os': 'linux',
        'beta.kubernetes.io/arch': 'amd64',
      };
      const metadata = { name, labels: { ...standard, ...labels } };
      const status = nodeStatus(this.#options, version, toTime(clock.now()));
      node = await client.create<Node>(nodes, '', { metadata, status });
    }
    this.#podCIDRs = node.spec?.podCIDRs ?? this.#podCIDRs;
    this.#uid = node.metadata?.uid ?? '';
    const status = nodeStatus(this.#options, version, toTime(clock.now()), node.status);
    const target = { resource: nodes, namespace: '', name, type: 'application/strategic-merge-patch+json' } as const;
    this.#deps.onNode(await client.patch<Node>(target, { status }, { subresource: 'status' }));
  }

  async #renew(): Promise<void> {
    const { client, clock } = this.#deps;
    const { name } = this.#options;
    const renewTime = toMicroTime(clock.now());
    const lease = await unlessMissing(client.get<Lease>(leases, leaseNamespace, name));
    const spec = { holderIdentity: name, leaseDurationSeconds: leaseSeconds, renewTime };
    if (lease === undefined) {
      const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name, uid: this.#uid }];
      const metadata = { name, namespace: leaseNamespace, ownerReferences };
      await client.create<Lease>(leases, leaseNamespace, { metadata, spec });
    } else await client.update<Lease>(leases, leaseNamespace, { ...lease, spec: { ...lease.spec, ...spec } });
  }
}
