import type { ApiClient } from '../../api/client.ts';
import { type Clock, toMicroTime, toTime } from '../../api/clock.ts';
import type { Api } from '../../api/object.ts';
import { StatusError } from '../../api/status.ts';
import { sleep } from '../client/sleep.ts';
import { type EventRecorder, referenceTo } from '../framework/event-recorder.ts';
import { unlessMissing } from '../framework/status-cause.ts';
import { isBehind, type Node, type NodeOptions, type NodeTrouble, nodeStatus, pressureWords } from './node-status.ts';
import type { ImageStore, NodeFacts } from './pod-runtime.ts';
import type { Schedule } from './schedule.ts';

type Lease = Api<'io.k8s.api.coordination.v1.Lease'>;

const nodes = { group: '', version: 'v1', resource: 'nodes' } as const;
const nodeKind = { group: '', version: 'v1', kind: 'Node' } as const;
const leases = { group: 'coordination.k8s.io', version: 'v1', resource: 'leases' } as const;
const leaseNamespace = 'kube-node-lease';
const leaseSeconds = 40;
const statusMs = 5 * 60_000;
const retryMs = 1000;
/** More of them are not told. */
const shownImages = 50;
/** Nodes that take turns more slowly are many: what they have pulled is told with their next status. */
const promptRenewMs = 10_000;

export interface NodeAgentDeps {
  readonly client: ApiClient;
  readonly clock: Clock;
  /** One for all nodes of a process. */
  readonly schedule: Schedule;
  /** Between renewals of the lease, and of the first one: nodes of a process take turns. */
  readonly renewMs: number;
  readonly firstRenewMs: number;
  /** Of the container runtime. */
  readonly version: string;
  readonly recorder: EventRecorder;
  /** What is on the node. */
  readonly images?: Pick<ImageStore, 'count' | 'largest'>;
  /** The node as the API server has it. */
  onNode(node: Node): void;
  onError(error: unknown): void;
}

/** Registers a node, renews its lease and its status. */
export class NodeAgent {
  readonly #options: NodeOptions;
  readonly #deps: NodeAgentDeps;
  #podCIDRs: readonly string[];
  #isReporting = false;
  /** What is being reported is not true any more. */
  #mustRepeat = false;
  #trouble: NodeTrouble = { pressures: [] };
  #isRegistered = false;
  #nextStatus = 0;
  /** As many as were told. */
  #imageCount = 0;

  constructor(options: NodeOptions, deps: NodeAgentDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#podCIDRs = [options.podCIDR];
  }

  facts(): NodeFacts {
    const { name, address, capacity, allocatable = capacity } = this.#options;
    return { name, addresses: [address], podCIDRs: this.#podCIDRs, allocatable };
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

  /** Resolves when the node is registered. Someone who deletes it later has it deleted until the kubelet starts anew. */
  async start(signal: AbortSignal): Promise<void> {
    const { clock, schedule, firstRenewMs, onError } = this.#deps;
    while (!signal.aborted) {
      try {
        await this.#register();
        this.#isRegistered = true;
        break;
      } catch (error) {
        if (!(error instanceof StatusError && error.reason === 'Conflict')) onError(error);
        await sleep(clock, retryMs, signal);
      }
    }
    if (signal.aborted) return;
    const first = clock.now() + firstRenewMs;
    schedule.at(first, () => void this.#tick(first, signal));
  }

  /** The node has changed. */
  update(node: Readonly<Node>): void {
    this.#podCIDRs = node.spec?.podCIDRs ?? this.#podCIDRs;
    this.#deps.onNode(node);
    if (this.#isRegistered && isBehind(node)) void this.#report(node).catch(this.#deps.onError);
  }

  /** The node is short of something, or is no more; resolves when the API server knows. */
  async tell(trouble: Partial<NodeTrouble>): Promise<void> {
    const before = this.#trouble;
    this.#trouble = { ...before, ...trouble };
    const { pressures, notReady } = this.#trouble;
    const { name } = this.#options;
    const status = (reason: string): void => this.event('Normal', reason, `Node ${name} status is now: ${reason}`);
    for (const { type, isSo, isNot } of pressureWords) {
      const isNow = pressures.includes(type);
      if (isNow !== before.pressures.includes(type)) status(`Node${isNow ? isSo : isNot}`);
    }
    if (notReady !== before.notReady) status(notReady === undefined ? 'NodeReady' : 'NodeNotReady');
    this.#mustRepeat = this.#isReporting;
    const node = await unlessMissing(this.#deps.client.get<Node>(nodes, '', name));
    if (node !== undefined) await this.#report(node);
  }

  /** About the node. */
  event(type: 'Normal' | 'Warning', reason: string, message: string): void {
    const { name } = this.#options;
    this.#deps.recorder.record(referenceTo({ metadata: { name, uid: name } }, nodeKind), type, reason, message);
  }

  async #tick(at: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { clock, schedule, renewMs, onError, client } = this.#deps;
    let next = at + renewMs;
    try {
      if (clock.now() >= this.#nextStatus || this.#hasOtherImages()) {
        const node = await unlessMissing(client.get<Node>(nodes, '', this.#options.name));
        if (node !== undefined) await this.#report(node);
      }
      await this.#renew();
    } catch (error) {
      if (!(error instanceof StatusError && error.reason === 'Conflict')) onError(error);
      next = clock.now() + retryMs;
    }
    next = Math.max(next, clock.now());
    if (!signal.aborted) schedule.at(next, () => void this.#tick(next, signal));
  }

  #hasOtherImages(): boolean {
    const { images, renewMs } = this.#deps;
    return renewMs <= promptRenewMs && (images?.count?.(this.#options.name) ?? 0) !== this.#imageCount;
  }

  async #register(): Promise<void> {
    const { client, clock, version } = this.#deps;
    const { name, labels, taints, isGiven = false } = this.#options;
    const known = await unlessMissing(client.get<Node>(nodes, '', name));
    if (known === undefined && isGiven) return;
    const status = nodeStatus(this.#options, version, toTime(clock.now()), known?.status);
    const standard = {
      'kubernetes.io/hostname': name,
      'kubernetes.io/os': 'linux',
      'kubernetes.io/arch': 'amd64',
      'beta.kubernetes.io/os': 'linux',
      'beta.kubernetes.io/arch': 'amd64',
    };
    const metadata = { name, labels: { ...standard, ...labels } };
    const spec = taints === undefined ? {} : { spec: { taints: [...taints] } };
    const node = known ?? (await client.create<Node>(nodes, '', { metadata, ...spec, status }));
    this.#podCIDRs = node.spec?.podCIDRs ?? this.#podCIDRs;
    const event = (reason: string, message: string): void => this.event('Normal', reason, message);
    event('Starting', 'Starting kubelet.');
    if (known === undefined || isGiven)
      for (const reason of ['NodeHasSufficientMemory', 'NodeHasNoDiskPressure', 'NodeHasSufficientPID', 'NodeReady'])
        event(reason, `Node ${name} status is now: ${reason}`);
    if (isGiven) await this.#label(node, standard);
    await this.#report(node);
    await this.#renew();
  }

  /** A node that others made has the labels that all have, too. */
  async #label({ metadata }: Readonly<Node>, standard: Readonly<Record<string, string>>): Promise<void> {
    const { name } = this.#options;
    const missing = Object.entries(standard).filter(([label]) => metadata?.labels?.[label] === undefined);
    if (missing.length === 0) return;
    const target = { resource: nodes, namespace: '', name, type: 'application/merge-patch+json' } as const;
    await unlessMissing(this.#deps.client.patch<Node>(target, { metadata: { labels: Object.fromEntries(missing) } }));
  }

  async #report(node: Readonly<Node>): Promise<void> {
    if (this.#isReporting) return;
    this.#isReporting = true;
    const { client, clock, version, onNode, images } = this.#deps;
    const { name } = this.#options;
    try {
      const imageCount = images?.count?.(name) ?? 0;
      const largest = images?.largest?.(name, shownImages);
      const status = nodeStatus(this.#options, version, toTime(clock.now()), node.status, largest, this.#trouble);
      const target = { resource: nodes, namespace: '', name, type: 'application/strategic-merge-patch+json' } as const;
      // What a patch does not name stays.
      const gone = status.images === undefined && node.status?.images !== undefined ? { images: null } : {};
      onNode(await client.patch<Node>(target, { status: { ...status, ...gone } }, { subresource: 'status' }));
      this.#nextStatus = clock.now() + statusMs;
      this.#imageCount = imageCount;
    } finally {
      this.#isReporting = false;
    }
    if (!this.#mustRepeat) return;
    this.#mustRepeat = false;
    await this.#report(node);
  }

  /** A lease belongs to its node: without one there is none. */
  async #renew(): Promise<void> {
    const { client, clock } = this.#deps;
    const { name } = this.#options;
    const renewTime = toMicroTime(clock.now());
    const spec = { holderIdentity: name, leaseDurationSeconds: leaseSeconds, renewTime };
    const target = { resource: leases, namespace: leaseNamespace, name, type: 'application/merge-patch+json' } as const;
    if ((await unlessMissing(client.patch<Lease>(target, { spec }))) !== undefined) return;
    const node = await unlessMissing(client.get<Node>(nodes, '', name));
    if (node?.metadata?.uid === undefined) return;
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name, uid: node.metadata.uid }];
    const metadata = { name, namespace: leaseNamespace, ownerReferences };
    await client.create<Lease>(leases, leaseNamespace, { metadata, spec });
  }
}
