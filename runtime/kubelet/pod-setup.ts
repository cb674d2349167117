import type { ApiClient } from '../../api/client.ts';
import type { Clock, Random } from '../../api/clock.ts';
import type { Informers } from '../client/informers.ts';
import type { EventRecorder } from '../framework/event-recorder.ts';
import type { NameService } from './environment/resolver-config.ts';
import type { PodPreparer } from './pod-preparer.ts';
import type { Container, ContainerConfig, NodeFacts, Pod, VolumeStore } from './pod-runtime.ts';

export interface PodSetupDeps {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly informers: Informers;
  readonly store: VolumeStore;
  readonly recorder: EventRecorder;
  readonly names: NameService;
  onError(error: unknown): void;
}

/** What a container's place looks like. */
export type ContainerSurroundings = Pick<ContainerConfig, 'container' | 'environment' | 'mounts'>;

/** One pod with its volumes, ready for its containers. */
export interface PreparedPod {
  /** Throws ContainerConfigError. */
  surroundings(container: Container, podIPs: readonly string[]): Promise<ContainerSurroundings>;
  /** The pod has ended. */
  close(): void;
}

/** Prepares what pods' containers find. Shared by the kubelets of a process; nothing of it is loaded before there is a pod. */
export class PodSetup {
  readonly #deps: PodSetupDeps;
  #preparer: Promise<PodPreparer> | undefined;

  constructor(deps: PodSetupDeps) {
    this.#deps = deps;
  }

  /**
   * Resolves when all volumes are there, which may take long: what is wrong is told by events, and tried again. Undefined: `signal`
   * aborted before. `pod` is the pod as it is whenever it is asked.
   */
  async prepare(pod: () => Readonly<Pod>, node: NodeFacts, signal: AbortSignal): Promise<PreparedPod | undefined> {
    this.#preparer ??= import('./pod-preparer.ts').then((loaded) => new loaded.PodPreparer(this.#deps));
    return (await this.#preparer).prepare(pod, node, signal);
  }
}
