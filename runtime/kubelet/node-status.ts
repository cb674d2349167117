import type { Api } from '../../api/object.ts';
import type { Pressure } from './eviction/thresholds.ts';
import type { NodeImage } from './pod-runtime.ts';

export type Node = Api<'io.k8s.api.core.v1.Node'>;

export interface NodeOptions {
  readonly name: string;
  readonly address: string;
  /** Where its kubelet serves, when not at port 10250 of `address`. */
  readonly endpoint?: { readonly address: string; readonly port: number } | undefined;
  /** Used until the node has one of its own from the API server. */
  readonly podCIDR: string;
  readonly kubeletVersion: string;
  readonly capacity: Readonly<Record<string, string>>;
  /** Default: all of it. */
  readonly allocatable?: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** With which it is registered. */
  readonly taints?: NonNullable<Node['spec']>['taints'] | undefined;
  /** Others create the Node: its kubelet does not. */
  readonly isGiven?: boolean;
}

interface PressureWords {
  readonly type: Pressure;
  /** With `Kubelet` before it the condition's reason, with `Node` the event's. */
  readonly isSo: string;
  readonly isNot: string;
  readonly isSoMessage: string;
  readonly isNotMessage: string;
}

export const pressureWords: readonly PressureWords[] = [
  {
    type: 'MemoryPressure',
    isSo: 'HasInsufficientMemory',
    isNot: 'HasSufficientMemory',
    isSoMessage: 'kubelet has insufficient memory available',
    isNotMessage: 'kubelet has sufficient memory available',
  },
  {
    type: 'DiskPressure',
    isSo: 'HasDiskPressure',
    isNot: 'HasNoDiskPressure',
    isSoMessage: 'kubelet has disk pressure',
    isNotMessage: 'kubelet has no disk pressure',
  },
  {
    type: 'PIDPressure',
    isSo: 'HasInsufficientPID',
    isNot: 'HasSufficientPID',
    isSoMessage: 'kubelet has insufficient PID available',
    isNotMessage: 'kubelet has sufficient PID available',
  },
];

/** What schedulers ask of a node before they give it a pod that needs it. */
const declaredFeatures = [
  'ExtendWebSocketsToKubelet',
  'InPlacePodLevelResourcesVerticalScaling',
  'InPlacePodVerticalScalingInitContainers',
  'RestartAllContainersOnContainerExits',
];

/** Of resources that others have announced on the node. */
function extendedOf(status: Node['status']): Record<string, string> {
  return Object.fromEntries(Object.entries(status?.capacity ?? {}).filter(([name]) => name.includes('/')));
}

/** Others have announced a resource of which pods cannot be given anything yet, or made the node anew. */
export function isBehind({ status }: Readonly<Node>): boolean {
  if (status?.conditions?.some(({ type }) => type === 'Ready') !== true) return true;
  return Object.entries(extendedOf(status)).some(([name, amount]) => status?.allocatable?.[name] !== amount);
}

/** What is not well with a node. */
export interface NodeTrouble {
  /** What it is short of. */
  readonly pressures: readonly Pressure[];
  /** Why it takes no pods; undefined: it does. */
  readonly notReady?: string | undefined;
}

/** What the kubelet says of its node. */
export function nodeStatus(
  options: NodeOptions,
  version: string,
  now: string,
  old?: Node['status'],
  images: readonly NodeImage[] = [],
  { pressures, notReady }: NodeTrouble = { pressures: [] },
): NonNullable<Node['status']> {
  const { name, address, endpoint = { address, port: 10_250 }, capacity, allocatable = capacity } = options;
  const { kubeletVersion } = options;
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
    allocatable: { ...extendedOf(old), ...allocatable },
    conditions: [
      ...pressureWords.map(({ type, isSo, isNot, isSoMessage, isNotMessage }) =>
        pressures.includes(type)
          ? condition(type, 'True', `Kubelet${isSo}`, isSoMessage)
          : condition(type, 'False', `Kubelet${isNot}`, isNotMessage),
      ),
      notReady === undefined
        ? condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status')
        : condition('Ready', 'False', 'KubeletNotReady', notReady),
    ],
    declaredFeatures,
    features: { supplementalGroupsPolicy: true },
    ...(images.length === 0
      ? {}
      : { images: images.map(({ names, sizeBytes }) => ({ names: [...names], sizeBytes })) }),
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
