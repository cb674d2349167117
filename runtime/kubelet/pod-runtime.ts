import type { Api } from '../../api/object.ts';
import type { ProcessStreams } from '../../api/streams/node-connection.ts';
import type { ByteText, FileTree } from '../files/file-tree.ts';
import type { NetworkNamespace } from '../network/network.ts';

export type Pod = Api<'io.k8s.api.core.v1.Pod'>;
export type PodSpec = NonNullable<Pod['spec']>;
export type Container = NonNullable<PodSpec['containers']>[number];
export type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];
export type PodCondition = NonNullable<NonNullable<Pod['status']>['conditions']>[number];

/** How a container ended. */
export interface ContainerExit {
  readonly exitCode: number;
  readonly reason: 'Completed' | 'Error' | 'OOMKilled' | 'ContainerCannotRun' | 'StartError';
  readonly message?: string;
  /** Set when a signal ended it. */
  readonly signal?: number;
}

/** A volume at a place in a container. */
export interface Mount {
  readonly path: string;
  readonly tree: FileTree;
  readonly isReadOnly: boolean;
  /** To be waited for before a program runs that may read files: what costs something is fetched only now. */
  prepare?(): Promise<void>;
}

/** What the kubelet asks a runtime to run. */
export interface ContainerConfig {
  /** With `$(NAME)` in command and arguments replaced; these are bytes as text, like all that a container sees. */
  readonly container: Container;
  /** Counts from 0. */
  readonly attempt: number;
  readonly environment: ReadonlyMap<string, ByteText>;
  readonly mounts: readonly Mount[];
  /** Takes what the first process writes; a runtime calls it with pieces of any size. */
  log(stream: 'stdout' | 'stderr', text: ByteText): void;
  /** A program uses other memory than before. */
  onMemory?(): void;
  /** So much more, at most, is in its own layer. */
  onWritten?(more: DiskUsage): void;
}

/** What is on a disk. */
export interface DiskUsage {
  readonly bytes: number;
  readonly files: number;
}

export interface Usage {
  /** Since the container started, in nanoseconds of one core. */
  readonly cpuNanoseconds: number;
  readonly cpuNanoCores: number;
  readonly memoryBytes: number;
}

export interface StartedContainer {
  /** With the runtime's scheme, `simulated://…`. */
  readonly id: string;
  readonly imageID: string;
  /** Who its first process is. */
  readonly user?: { readonly uid: number; readonly gid: number; readonly groups: readonly number[] };
  readonly exited: Promise<ContainerExit>;
  /** Asks it to end; what still runs after the grace is killed. May be called again with a shorter grace. */
  stop(graceMs: number): void;
  /** Runs a program beside the first process; resolves with its exit code. Rejects when there is no such program. */
  exec(command: readonly string[], streams: ProcessStreams): Promise<number>;
  /** Joins the first process; resolves at its end or when `streams.signal` aborts. */
  attach(streams: ProcessStreams): Promise<void>;
  /** A file as the container sees it. */
  readFile(path: string): ByteText | undefined;
  usage(): Usage;
  /** What it has written to its own layer and not removed. */
  written?(): DiskUsage;
  /** How many processes it has; default: one. */
  processes?(): number;
  /** While it runs. */
  setResources?(resources: Container['resources']): void;
}

/** What containers of a pod share. */
export interface PodSandbox {
  readonly ips: readonly string[];
  /** Of the pod, or of the node with hostNetwork. */
  readonly network: NetworkNamespace;
  /** Of the node: where probes and hooks connect from. */
  readonly nodeNetwork: NetworkNamespace;
  /** Throws ImageError when there is no such image. */
  startContainer(config: ContainerConfig): Promise<StartedContainer>;
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

/** Who may pull images of a registry, as a pull secret says it. */
export interface RegistryCredential {
  /** As it is written there: a host, with scheme or path or without. */
  readonly registry: string;
  readonly user: string;
  readonly password: string;
}

/** An image that is on a node. */
export interface ImageFacts {
  /** With registry and tag, as a container's status names it. */
  readonly name: string;
  readonly sizeBytes: number;
}

/** As a node's status shows it. */
export interface NodeImage {
  readonly names: readonly string[];
  readonly sizeBytes: number;
}

export interface ImageStore {
  /** Undefined: not on the node, or not for those with these credentials. */
  find(node: string, image: string, credentials?: readonly RegistryCredential[]): ImageFacts | undefined;
  /** How many are on the node. */
  count?(node: string): number;
  /** What they take of its disk. */
  usage?(node: string): DiskUsage;
  /** Removes those that came before some time and that nobody uses, by any of their names. */
  collect?(node: string, isUsed: (name: string) => boolean, before: number): void;
  /** The largest of them, no more than `limit`, with all their names. */
  largest?(node: string, limit: number): readonly NodeImage[];
  /** Throws ImageError. The pod names the secrets for it. */
  pull(
    node: string,
    image: string,
    pod: Readonly<Pod>,
    credentials?: readonly RegistryCredential[],
  ): Promise<ImageFacts>;
}

export interface NodeFacts {
  readonly name: string;
  readonly addresses: readonly string[];
  /** Where pods of the node get their addresses from. */
  readonly podCIDRs: readonly string[];
  /** What pods may have of it all together. */
  readonly allocatable?: Readonly<Record<string, string>>;
}

/** Places that outlive a pod, and places of its own: the runtime has the disks. */
export interface VolumeStore {
  /** Empty; gone with the pod. `medium` Memory is a tmpfs, which has no more room than `sizeLimit`. */
  emptyDir(podUid: string, volume: string, medium: string, sizeLimit?: string): FileTree;
  /** What is in an emptyDir; undefined: there is none. */
  emptyDirUsage?(podUid: string, volume: string): DiskUsage | undefined;
  /** What is in a node's own files that pods mount. */
  nodeUsage?(node: string): DiskUsage;
  /** From now on somebody is told of what is written to a pod's emptyDirs on disk, until it has gone, or to a node's own files. */
  follow?(place: { readonly podUid: string } | { readonly node: string }, onWritten: (more: DiskUsage) => void): void;
  /** A directory of the node's own files. Made when it is not there and `type` says so; throws FileError. */
  hostPath(node: string, path: string, type: string): FileTree;
  /** What stands for a network disk, by any key; shared by all nodes. */
  shared(key: string): FileTree;
  /** The files of an image, for a volume. */
  image?(reference: string, pod: Readonly<Pod>): Promise<FileTree>;
  /** The pod has gone. */
  release(podUid: string): void;
}

/** Makes pods run. */
export interface PodRuntime {
  /** As in `nodeInfo.containerRuntimeVersion`. */
  readonly version: string;
  readonly volumes: VolumeStore;
  readonly images: ImageStore;
  createSandbox(pod: Readonly<Pod>, node: NodeFacts): Promise<PodSandbox>;
  /** The node has gone, and its pods before it. */
  forgetNode?(name: string): void;
}
