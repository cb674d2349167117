import { defaultContainer } from './container-defaults.ts';
import type { Container, Pod, PodSpec, PodStatus } from './pod-types.ts';
import { defaultResourceList } from './resource-requirements-defaults.ts';
import { defaultPodResources } from './resource-requirements-pod.ts';
import { defaultVolume } from './volume-defaults.ts';

/** Defaults of a pod spec wherever one stands: pods and pod templates alike. */
export function defaultPodSpec(spec: PodSpec): void {
  const account = spec.serviceAccountName || spec.serviceAccount;
  if (account) setServiceAccount(spec, account);
  spec.dnsPolicy ||= 'ClusterFirst';
  spec.restartPolicy ||= 'Always';
  spec.securityContext ??= {};
  spec.terminationGracePeriodSeconds ??= 30;
  spec.schedulerName ||= 'default-scheduler';
  if (spec.volumes !== undefined) for (const volume of spec.volumes) defaultVolume(volume);
  if (spec.initContainers !== undefined) for (const container of spec.initContainers) defaultContainer(container);
  if (spec.containers !== undefined) for (const container of spec.containers) defaultContainer(container);
  if (spec.ephemeralContainers !== undefined)
    for (const container of spec.ephemeralContainers) defaultContainer(container);
  if (spec.overhead !== undefined) defaultResourceList(spec.overhead);
  if (spec.resources?.limits !== undefined) defaultResourceList(spec.resources.limits);
  if (spec.resources?.requests !== undefined) defaultResourceList(spec.resources.requests);
}

/** Where init containers stood before they had a field. */
const initContainerAnnotations = [
  'pod.beta.kubernetes.io/init-containers',
  'pod.alpha.kubernetes.io/init-containers',
  'pod.beta.kubernetes.io/init-container-statuses',
  'pod.alpha.kubernetes.io/init-container-statuses',
];

/** Defaults of a pod: those of its spec, and some that templates do not get. */
export function defaultPod(pod: Pod): void {
  pod.spec ??= {};
  const spec = pod.spec;
  const annotations = pod.metadata?.annotations;
  if (annotations !== undefined) for (const key of initContainerAnnotations) delete annotations[key];
  for (const container of spec.containers ?? []) requestLimits(container);
  for (const container of spec.initContainers ?? []) requestLimits(container);
  if (spec.resources !== undefined) defaultPodResources(spec);
  spec.enableServiceLinks ??= true;
  if (spec.hostNetwork === true) {
    for (const container of spec.containers ?? []) exposeOnHost(container);
    for (const container of spec.initContainers ?? []) exposeOnHost(container);
  }
  defaultPodSpec(spec);
  // Pods only: templates keep what they have.
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) spec.terminationGracePeriodSeconds = 1;
  if (pod.status !== undefined) alignAddresses(pod.status);
}

/** Addresses stand twice, alone and in a list; the one that stands alone wins. */
function alignAddresses(status: PodStatus): void {
  const { podIP, podIPs } = status;
  const first = podIPs?.[0]?.ip;
  if (podIP && podIP !== first) status.podIPs = [{ ip: podIP }];
  else if (!podIP && first) status.podIP = first;
}

/** `serviceAccount` is the older name of the field: both always say the same. */
export function setServiceAccount(spec: PodSpec, name: string): void {
  spec.serviceAccountName = name;
  spec.serviceAccount = name;
}

function requestLimits(container: Container): void {
  const limits = container.resources?.limits;
  if (container.resources === undefined || limits === undefined) return;
  container.resources.requests ??= {};
  const requests = container.resources.requests;
  for (const name in limits) requests[name] ??= limits[name] ?? '';
}

function exposeOnHost(container: Container): void {
  for (const port of container.ports ?? []) {
    if (!port.hostPort && port.containerPort !== undefined) port.hostPort = port.containerPort;
  }
}
