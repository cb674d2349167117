import type { Api } from '../../api/object.ts';

export type Pod = Api<'io.k8s.api.core.v1.Pod'>;
export type PodSpec = NonNullable<Pod['spec']>;
export type Container = NonNullable<PodSpec['containers']>[number];
export type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];
export type PodCondition = NonNullable<NonNullable<Pod['status']>['conditions']>[number];

/** How a container ended. */
export interface ContainerExit {
  readonly exitCode: number;
  readonly reason: 'Completed' | 'Error' | 'OOMKilled' | 'ContainerCannotRun';
  readonly message?: string;
  /** Set when a signal ended it. */
  readonly signal?: number;
}

export interface StartedContainer {
  /** With the runtime's scheme, `simulated://…`. */
  readonly id: string;
  readonly imageID: string;
  readonly exited: Promise<ContainerExit>;
  /** Asks it to end; what still runs after the grace is killed. May be called again with a shorter grace. */
  stop(graceMs: number): void;
}

/** What containers of a pod share. */
export interface PodSandbox {
  readonly ips: readonly string[];
  /** Throws ImageError when there is no such image. */
  startContainer(container: Container, attempt: number): Promise<StartedContainer>;
  /** After all containers have ended. */
  close(): void;
}

export class ImageError extends Error {
  /** As in a waiting container's state. */
  readonly reason: 'ErrImagePull' | 'InvalidImageName' | 'ErrImageNeverPull';

  constructor(reason: ImageError['reason'], message: string) {
    super(message);
    this.name = 'ImageError';
    this.reason = reason;
  }
}

export interface NodeFacts {
  readonly name: string;
  readonly addresses: readonly string[];
  /** Where pods of the node get their addresses from. */
  readonly podCIDRs: readonly string[];
}

/** Makes pods run. */
export interface PodRuntime {
  /** As in `nodeInfo.containerRuntimeVersion`. */
  readonly version: string;
  createSandbox(pod: Readonly<Pod>, node: NodeFacts): Promise<PodSandbox>;
}
