import type { ApiClient } from '../../api/client.ts';
import type { Clock } from '../../api/clock.ts';
import { StatusError } from '../../api/status.ts';
import { sleep } from '../client/sleep.ts';
import { unlessMissing } from '../framework/status-cause.ts';
import type { Pod } from './pod-runtime.ts';

export const mirrorAnnotation = 'kubernetes.io/config.mirror';
const podResource = { group: '', version: 'v1', resource: 'pods' } as const;
const nodeResource = { group: '', version: 'v1', resource: 'nodes' } as const;
const retryMs = 5000;

/** A pod that a node runs by itself, without anybody's order. */
export interface StaticPod {
  /** Of the manifest's text: another text is another pod. */
  readonly hash: string;
  readonly pod: Readonly<Pod>;
}

/** Where manifests come from. */
export interface StaticPodSource {
  /** Tells of all that are there for a node, now and whenever they change. */
  follow(
    node: string,
    tell: (pods: readonly StaticPod[]) => void,
    onError: (error: unknown) => void,
  ): { close(): void };
}

export interface StaticPodsDeps {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly node: string;
  /** Those that are on the node. */
  mirrors(): readonly Readonly<Pod>[];
  onError(error: unknown): void;
}

/** Pods of manifests, each seen by the API server as its mirror: who deletes a mirror gets another, and the pod goes on. */
export class StaticPods {
  readonly #deps: StaticPodsDeps;
  readonly #closed = new AbortController();
  readonly #following: { close(): void };
  #isBegun = false;
  #wanted: ReadonlyMap<string, StaticPod> = new Map();
  #working: Promise<void> = Promise.resolve();

  constructor(source: StaticPodSource, deps: StaticPodsDeps) {
    this.#deps = deps;
    this.#following = source.follow(deps.node, (pods) => this.#set(pods), deps.onError);
  }

  /** The node is registered: mirrors may be made. */
  begin(): void {
    this.#isBegun = true;
    this.look();
  }

  close(): void {
    this.#closed.abort();
    this.#following.close();
  }

  /** A mirror came or changed; true: no other need care. */
  heed(mirror: Readonly<Pod>): boolean {
    const isLeaving = mirror.metadata?.deletionTimestamp !== undefined;
    if (this.isWanted(mirror)) {
      if (isLeaving) void this.#release(mirror);
      return isLeaving;
    }
    if (!isLeaving) void this.#drop(mirror);
    return false;
  }

  /** Whether a mirror stands for what is still wanted. */
  isWanted(mirror: Readonly<Pod>): boolean {
    return this.#wanted.has(hashOf(mirror) ?? '');
  }

  #set(pods: readonly StaticPod[]): void {
    this.#wanted = new Map(pods.map((one) => [one.hash, one]));
    this.look();
    for (const mirror of this.#deps.mirrors()) this.heed(mirror);
  }

  /** A mirror of a pod that is wanted no more: it ends as any other. */
  async #drop({ metadata }: Readonly<Pod>): Promise<void> {
    const { namespace = '', name = '', uid = '' } = metadata ?? {};
    try {
      await unlessMissing(this.#deps.client.delete(podResource, namespace, name, { preconditions: { uid } }));
    } catch (error) {
      this.#deps.onError(error);
    }
  }

  /** Makes mirrors that are missing. */
  look(): void {
    if (!this.#isBegun) return;
    this.#working = this.#working.then(() => this.#makeAll());
  }

  /** The mirror is deleted: it goes at once. */
  async #release({ metadata }: Readonly<Pod>): Promise<void> {
    const { namespace = '', name = '', uid = '' } = metadata ?? {};
    const options = { gracePeriodSeconds: 0, preconditions: { uid } };
    try {
      await unlessMissing(this.#deps.client.delete(podResource, namespace, name, options));
    } catch (error) {
      if (!(error instanceof StatusError && error.reason === 'Conflict')) this.#deps.onError(error);
    }
  }

  async #makeAll(): Promise<void> {
    const { clock, onError } = this.#deps;
    for (const one of this.#wanted.values()) {
      while (!this.#closed.signal.aborted && this.#wanted.has(one.hash)) {
        try {
          await this.#make(one);
          break;
        } catch (error) {
          onError(error);
          await sleep(clock, retryMs, this.#closed.signal);
        }
      }
    }
  }

  async #make({ hash, pod }: StaticPod): Promise<void> {
    const { client, node } = this.#deps;
    const name = `${pod.metadata?.name}-${node}`;
    const namespace = pod.metadata?.namespace ?? 'default';
    const known = await unlessMissing(client.get<Pod>(podResource, namespace, name));
    if (known !== undefined && hashOf(known) === hash) return;
    if (known !== undefined) {
      if (hashOf(known) === undefined) throw new Error(`pod ${namespace}/${name} is in the way of a static pod`);
      // Of another manifest: this is made when that has gone.
      return;
    }
    const owner = await unlessMissing(client.get(nodeResource, '', node));
    const ownerReferences = [
      { apiVersion: 'v1', kind: 'Node', name: node, uid: owner?.metadata?.uid ?? '', controller: true },
    ];
    const annotations = {
      ...pod.metadata?.annotations,
      'kubernetes.io/config.hash': hash,
      'kubernetes.io/config.source': 'file',
      'kubernetes.io/config.mirror': hash,
    };
    const metadata = { ...pod.metadata, name, namespace, annotations, ownerReferences };
    const tolerations = [...(pod.spec?.tolerations ?? []), { operator: 'Exists', effect: 'NoExecute' }];
    const spec = { ...pod.spec, nodeName: node, tolerations };
    await client.create<Pod>(podResource, namespace, { metadata, spec } as Pod);
  }
}

export function hashOf({ metadata }: Readonly<Pod>): string | undefined {
  return metadata?.annotations?.[mirrorAnnotation];
}
